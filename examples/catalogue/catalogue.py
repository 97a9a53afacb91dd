"""Reads all pages of the shop's catalogue, and prints what there is as JSON."""

import json
import os
from urllib.parse import urljoin

from browserhook import Browserhook, extract, goto

SHOP = os.environ.get("SHOP", "http://127.0.0.1:8081")

# What to read of a page, in one look: a list of products, and where it goes on.
# The link to the next page is a list too, since the last page has none.
PAGE = extract(
    fields={
        "products": {
            "each": "#products li",
            "fields": {
                "name": "a",
                "price": {"target": ".price", "type": "number"},
                "stock": ".stock",
                "link": {"target": "a", "attribute": "href"},
            },
        },
        "next": {"each": "a[rel=next]", "attribute": "href"},
    }
)

products = []
with Browserhook() as client, client.sessions.create(metadata={"name": "catalogue"}) as session:
    url = SHOP
    while url:
        page, found = session.run((goto(url), PAGE))
        for product in found["products"]:
            products.append({**product, "link": urljoin(page.url, product["link"])})
        url = urljoin(page.url, found["next"][0]) if found["next"] else None

print(json.dumps(products, indent=2, ensure_ascii=False))
