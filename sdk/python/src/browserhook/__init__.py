"""The Python SDK of browserhook: real browsers over HTTP.

    from browserhook import Browserhook, goto, extract

    with Browserhook() as client, client.sessions.create() as session:
        page, title = session.run((goto("https://example.com"), extract("h1")))

AsyncBrowserhook is the same for asyncio. Arguments and attributes are in snake_case;
dictionaries are sent as they are, with the API's own names.
"""

from . import models, params, webhooks
from ._async.client import AsyncBrowserhook
from ._async.events import AsyncEventStream
from ._async.pager import AsyncPage, AsyncPager
from ._async.session import AsyncSession
from ._sync.client import Browserhook
from ._sync.events import EventStream
from ._sync.pager import Page, Pager
from ._sync.session import Session
from ._version import VERSION as __version__
from ._wire import Omit, omit
from .errors import BrowserhookError, StepFailed, WebhookVerificationError
from .steps import *
from .steps import __all__ as _steps

__all__ = [
    "AsyncBrowserhook",
    "AsyncEventStream",
    "AsyncPage",
    "AsyncPager",
    "AsyncSession",
    "Browserhook",
    "BrowserhookError",
    "EventStream",
    "Omit",
    "Page",
    "Pager",
    "Session",
    "StepFailed",
    "WebhookVerificationError",
    "__version__",
    "models",
    "omit",
    "params",
    "webhooks",
    *_steps,
]
