// Code generated from api/openapi.yaml by make generate; DO NOT EDIT.
import { step, type Answer, type Only, type Typed } from "../step.js";
import type { Extracted } from "../extract.js";
import type {
  ArtifactResult,
  AssertStep,
  BackStep,
  CheckStep,
  ClickStep,
  DialogStep,
  DialogsResult,
  DoubleClickStep,
  DownloadStep,
  DragStep,
  DryRunResult,
  EvaluateStep,
  ExtractStep,
  FileResult,
  FillStep,
  ForwardStep,
  GotoStep,
  HoverStep,
  OutlineResult,
  PageResult,
  PdfStep,
  PictureResult,
  PressStep,
  ReloadStep,
  ScreenshotStep,
  ScrollResult,
  ScrollStep,
  SelectResult,
  SelectStep,
  SetCookiesStep,
  SnapshotStep,
  StartResult,
  StorageResult,
  StorageStep,
  TabStep,
  TabsResult,
  TapStep,
  TypeStep,
  UncheckStep,
  UploadResult,
  UploadStep,
  WaitForStep,
} from "./schemas.js";

/** What {@link goto} can also be told. */
export type GotoOptions = Omit<GotoStep, "action" | "url">;

/**
 * Opens an address. The result: the page's address and title, and the status of the HTTP answer.
 *
 * @param url - Where to: http, https, data or about:blank.
 *
 * @example
 * ```ts
 * goto("https://shop.example/")
 * ```
 */
export function goto<O extends GotoOptions = {}>(url: GotoStep["url"], options?: Only<O, GotoOptions>): Typed<GotoStep, Answer<O, PageResult, DryRunResult>> {
  return step({ ...options, action: "goto", url });
}

/** What {@link back} can also be told. */
export type BackOptions = Omit<BackStep, "action">;

/**
 * Goes back in the page's history. The result: the page's address and title, and the status of the
 * HTTP answer.
 *
 * @example
 * ```ts
 * back()
 * ```
 */
export function back<O extends BackOptions = {}>(options?: Only<O, BackOptions>): Typed<BackStep, Answer<O, PageResult, DryRunResult>> {
  return step({ ...options, action: "back" });
}

/** What {@link forward} can also be told. */
export type ForwardOptions = Omit<ForwardStep, "action">;

/**
 * Goes forward in the page's history. The result: the page's address and title, and the status of
 * the HTTP answer.
 *
 * @example
 * ```ts
 * forward()
 * ```
 */
export function forward<O extends ForwardOptions = {}>(options?: Only<O, ForwardOptions>): Typed<ForwardStep, Answer<O, PageResult, DryRunResult>> {
  return step({ ...options, action: "forward" });
}

/** What {@link reload} can also be told. */
export type ReloadOptions = Omit<ReloadStep, "action">;

/**
 * Loads the page anew. The result: the page's address and title, and the status of the HTTP answer.
 *
 * @example
 * ```ts
 * reload()
 * ```
 */
export function reload<O extends ReloadOptions = {}>(options?: Only<O, ReloadOptions>): Typed<ReloadStep, Answer<O, PageResult, DryRunResult>> {
  return step({ ...options, action: "reload" });
}

/** What {@link click} can also be told. */
export type ClickOptions = Omit<ClickStep, "action" | "target">;

/**
 * Clicks an element, when it is visible, enabled, at rest, in view and not covered. The result:
 * with popup the new tab, with download the file.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * click("role=button[name=\"Add to basket\"]")
 * ```
 */
export function click<O extends ClickOptions = {}>(target: ClickStep["target"], options?: Only<O, ClickOptions>): Typed<ClickStep, Answer<O, StartResult>> {
  return step({ ...options, action: "click", target });
}

/** What {@link doubleClick} can also be told. */
export type DoubleClickOptions = Omit<DoubleClickStep, "action" | "target">;

/**
 * Clicks an element twice, as click does once. The result: with popup the new tab, with download
 * the file.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * doubleClick("#notes")
 * ```
 */
export function doubleClick<O extends DoubleClickOptions = {}>(target: DoubleClickStep["target"], options?: Only<O, DoubleClickOptions>): Typed<DoubleClickStep, Answer<O, StartResult>> {
  return step({ ...options, action: "doubleClick", target });
}

/** What {@link hover} can also be told. */
export type HoverOptions = Omit<HoverStep, "action" | "target">;

/**
 * Brings the mouse over an element, when it is visible, at rest, in view and not covered.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * hover("text=Account")
 * ```
 */
export function hover<O extends HoverOptions = {}>(target: HoverStep["target"], options?: Only<O, HoverOptions>): Typed<HoverStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "hover", target });
}

/** What {@link tap} can also be told. */
export type TapOptions = Omit<TapStep, "action" | "target">;

/**
 * Taps an element with a finger, when it is visible, enabled, at rest, in view and not covered. The
 * page sees the touch, and then the click that a browser makes of it. The result: with popup the
 * new tab, with download the file.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * tap("role=button[name=\"Add to basket\"]")
 * ```
 */
export function tap<O extends TapOptions = {}>(target: TapStep["target"], options?: Only<O, TapOptions>): Typed<TapStep, Answer<O, StartResult>> {
  return step({ ...options, action: "tap", target });
}

/** What {@link drag} can also be told. */
export type DragOptions = Omit<DragStep, "action" | "target">;

/**
 * Drags an element with the mouse to another, or by some way. It works for pages that follow the
 * mouse and for those that use HTML's drag and drop, in and between frames. At least one of to, x,
 * y is needed.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * drag("text=Gift card", { to: "#basket" })
 * ```
 */
export function drag<O extends DragOptions = {}>(target: DragStep["target"], options?: Only<O, DragOptions>): Typed<DragStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "drag", target });
}

/** What {@link fill} can also be told. */
export type FillOptions = Omit<FillStep, "action" | "target" | "value">;

/**
 * Puts a text into a field in the place of what it holds.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @param value - The text.
 *
 * @example
 * ```ts
 * fill("label=E-mail", "ada@example.com")
 * ```
 */
export function fill<O extends FillOptions = {}>(target: FillStep["target"], value: FillStep["value"], options?: Only<O, FillOptions>): Typed<FillStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "fill", target, value });
}

/** What {@link type} can also be told. */
export type TypeOptions = Omit<TypeStep, "action" | "value">;

/**
 * Types a text key by key, into the target or into what has the focus.
 *
 * @param value - The text.
 *
 * @example
 * ```ts
 * type("tea", { target: "placeholder=Search" })
 * ```
 */
export function type<O extends TypeOptions = {}>(value: TypeStep["value"], options?: Only<O, TypeOptions>): Typed<TypeStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "type", value });
}

/** What {@link press} can also be told. */
export type PressOptions = Omit<PressStep, "action" | "key">;

/**
 * Presses a key or a chord, in the target or in what has the focus. The result: with popup the new
 * tab, with download the file.
 *
 * @param key - A key or chord.
 *
 * @example
 * ```ts
 * press("Enter", { target: "placeholder=Search" })
 * ```
 */
export function press<O extends PressOptions = {}>(key: PressStep["key"], options?: Only<O, PressOptions>): Typed<PressStep, Answer<O, StartResult>> {
  return step({ ...options, action: "press", key });
}

/** What {@link select} can also be told. */
export type SelectOptions = Omit<SelectStep, "action" | "target">;

/**
 * Chooses options of a select, or of a list that the page makes itself: role=combobox, which is
 * opened by a click, or role=listbox. The result: the values that are chosen; of a list of the
 * page's own, the labels. At least one of value, label, values, index is needed.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * select("label=Size", { value: "Large" })
 * ```
 */
export function select<O extends SelectOptions = {}>(target: SelectStep["target"], options?: Only<O, SelectOptions>): Typed<SelectStep, Answer<O, SelectResult, DryRunResult>> {
  return step({ ...options, action: "select", target });
}

/** What {@link check} can also be told. */
export type CheckOptions = Omit<CheckStep, "action" | "target">;

/**
 * Checks a checkbox or chooses a radio button, by a click, through its label too. One that is
 * checked stays so.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * check("label=Gift wrap")
 * ```
 */
export function check<O extends CheckOptions = {}>(target: CheckStep["target"], options?: Only<O, CheckOptions>): Typed<CheckStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "check", target });
}

/** What {@link uncheck} can also be told. */
export type UncheckOptions = Omit<UncheckStep, "action" | "target">;

/**
 * Unchecks a checkbox, by a click. One that is unchecked stays so.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @example
 * ```ts
 * uncheck("label=Newsletter")
 * ```
 */
export function uncheck<O extends UncheckOptions = {}>(target: UncheckStep["target"], options?: Only<O, UncheckOptions>): Typed<UncheckStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "uncheck", target });
}

/** What {@link upload} can also be told. */
export type UploadOptions = Omit<UploadStep, "action" | "target" | "files">;

/**
 * Gives files to a field for files, to the field of a label, or to the page that asks for them when
 * the target is clicked. An empty list takes them out. The result: the name and the size of each
 * file.
 *
 * @param target - CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=,
 * title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >>
 * #card in one frame. As Playwright spells them.
 *
 * @param files - The files.
 *
 * @example
 * ```ts
 * upload("label=Attachment", [{ content: "SGVsbG8=", name: "note.txt" }])
 * ```
 */
export function upload<O extends UploadOptions = {}>(target: UploadStep["target"], files: UploadStep["files"], options?: Only<O, UploadOptions>): Typed<UploadStep, Answer<O, UploadResult, DryRunResult>> {
  return step({ ...options, action: "upload", target, files });
}

/** What {@link scroll} can also be told. */
export type ScrollOptions = Omit<ScrollStep, "action">;

/**
 * Turns the mouse's wheel over the page or, with a target, over that, as a user does who scrolls in
 * it; a target alone is scrolled into view. The result: how far what was scrolled is scrolled then.
 * At least one of target, x, y is needed.
 *
 * @example
 * ```ts
 * scroll({ y: 500 })
 * ```
 */
export function scroll<O extends ScrollOptions = {}>(options?: Only<O, ScrollOptions>): Typed<ScrollStep, Answer<O, ScrollResult, DryRunResult>> {
  return step({ ...options, action: "scroll" });
}

/** What {@link waitFor} can also be told. */
export type WaitForOptions = Omit<WaitForStep, "action">;

/**
 * Waits for the page's address, how far it has loaded, an element's state, a request or its answer,
 * or JavaScript to come true. Of several it waits for one after the other. A request counts that
 * was made since the step before began: what a click sent is not missed. The result: the
 * expression's value, or the request. At least one of target, url, waitUntil, request, response,
 * expression is needed.
 *
 * @example
 * ```ts
 * waitFor({ target: "text=In stock" })
 * ```
 */
export function waitFor<T = unknown, O extends WaitForOptions = {}>(options?: Only<O, WaitForOptions>): Typed<WaitForStep, Answer<O, T>> {
  return step({ ...options, action: "waitFor" });
}

/** What {@link assert} can also be told. */
export type AssertOptions = Omit<AssertStep, "action">;

/**
 * Waits until all that is asserted is so, and fails with `assertion_failed` when the time is over
 * before; `seen` says what was instead, and what before that. At least one of target, url, title,
 * text is needed.
 *
 * @example
 * ```ts
 * assert({ exact: true, target: "#basket", text: "empty" })
 * ```
 */
export function assert<O extends AssertOptions = {}>(options?: Only<O, AssertOptions>): Typed<AssertStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "assert" });
}

/** What {@link extract} can also be told. */
export type ExtractOptions = Omit<ExtractStep, "action">;

/**
 * Reads the page, in one look, once all that is asked for is there; an optional field is null if it
 * alone is missing. A field is a target, of which the text is taken, or an object; inside each
 * match of a list, targets are looked for in that match, one without a match is null, and a field
 * without a target is about the match itself. A list may be empty: where it fills late, a waitFor
 * comes first. The result: what was read. At least one of target, each, fields is needed.
 *
 * @example
 * ```ts
 * extract({ each: "#products li", fields: { link: { attribute: "href", target: "a" }, name: "b", price: { target: "i", type: "number" } } })
 * ```
 */
export function extract<O extends ExtractOptions = {}>(options?: Only<O, ExtractOptions>): Typed<ExtractStep, Answer<O, Extracted<O>>> {
  return step({ ...options, action: "extract" });
}

/** What {@link snapshot} can also be told. */
export type SnapshotOptions = Omit<SnapshotStep, "action">;

/**
 * Tells what is on the page as an outline, for a reader who can't see it: each line has a role and
 * a name, then states and what a field holds. The target of a line is role=ROLE[name="NAME"], or
 * what stands behind its arrow; in a frame, the frame's own line and >> come before it. A name or
 * text that ends in … is cut. The result: the page's address and title, the outline, how many
 * lines the whole of it has, and, if some are left, the next one.
 *
 * @example
 * ```ts
 * snapshot({ text: "basket" })
 * ```
 */
export function snapshot<O extends SnapshotOptions = {}>(options?: Only<O, SnapshotOptions>): Typed<SnapshotStep, Answer<O, OutlineResult, DryRunResult>> {
  return step({ ...options, action: "snapshot" });
}

/** What {@link evaluate} can also be told. */
export type EvaluateOptions = Omit<EvaluateStep, "action" | "expression">;

/**
 * Runs JavaScript in the page, as the browser's console does: `const` can be said again, `await`
 * can stand anywhere, a function is called and a promise awaited. The result: the value as JSON, of
 * at most 256 KiB. As with JSON.stringify, what has toJSON (a Date) is written by it, members that
 * are undefined are left out and items that are it are null, and −0 is 0; undefined alone is no
 * result. What JSON has no form for fails the step with where it is: NaN, infinities, a BigInt, a
 * function, a symbol, a cycle, a Map, an element.
 *
 * @param expression - JavaScript.
 *
 * @example
 * ```ts
 * evaluate("[document.title, document.querySelectorAll('li').length]")
 * ```
 */
export function evaluate<T = unknown, O extends EvaluateOptions = {}>(expression: EvaluateStep["expression"], options?: Only<O, EvaluateOptions>): Typed<EvaluateStep, Answer<O, T>> {
  return step({ ...options, action: "evaluate", expression });
}

/** What {@link screenshot} can also be told. */
export type ScreenshotOptions = Omit<ScreenshotStep, "action">;

/**
 * Takes a picture of what is in view, of an element, in a frame too, or of the whole page however
 * tall it is, and keeps it as an artifact. The result: the artifact, and how large the picture is,
 * in its own pixels. partial says that an element is larger than what its frame shows, and the
 * picture only of that, or that a picture of more than is in view lacks what frames of other sites
 * don't draw while they are out of view: a picture of such a frame's element has it. Where
 * something is covered, a frame that has not drawn its new page yet is left out, too.
 *
 * @example
 * ```ts
 * screenshot({ target: "#logo" })
 * ```
 */
export function screenshot<O extends ScreenshotOptions = {}>(options?: Only<O, ScreenshotOptions>): Typed<ScreenshotStep, Answer<O, PictureResult, DryRunResult>> {
  return step({ ...options, action: "screenshot" });
}

/** What {@link pdf} can also be told. */
export type PdfOptions = Omit<PdfStep, "action">;

/**
 * Prints the page, as its style for print has it, and keeps the PDF as an artifact. The result: the
 * artifact.
 *
 * @example
 * ```ts
 * pdf({ background: true, format: "A4" })
 * ```
 */
export function pdf<O extends PdfOptions = {}>(options?: Only<O, PdfOptions>): Typed<PdfStep, Answer<O, ArtifactResult, DryRunResult>> {
  return step({ ...options, action: "pdf" });
}

/** What {@link setCookies} can also be told. */
export type SetCookiesOptions = Omit<SetCookiesStep, "action" | "cookies">;

/**
 * Sets cookies of the session's browser.
 *
 * @param cookies - At most 500.
 *
 * @example
 * ```ts
 * setCookies([{ name: "theme", value: "dark" }])
 * ```
 */
export function setCookies<O extends SetCookiesOptions = {}>(cookies: SetCookiesStep["cookies"], options?: Only<O, SetCookiesOptions>): Typed<SetCookiesStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "setCookies", cookies });
}

/** What {@link storage} can also be told. */
export type StorageOptions = Omit<StorageStep, "action" | "do">;

/**
 * Keeps, replaces or clears what the session's pages have stored: cookies, local storage and
 * IndexedDB, of every origin that they were of. What get finds is Playwright's storageState, as an
 * encrypted artifact that a key of the role project can fetch; it is in no event. set clears all
 * first. The result: get: the artifact, and how many cookies and origins are in it. set: how many
 * there were.
 *
 * @param what - What to do.
 *
 * @example
 * ```ts
 * storage("get")
 * ```
 */
export function storage<O extends StorageOptions = {}>(what: StorageStep["do"], options?: Only<O, StorageOptions>): Typed<StorageStep, Answer<O, StorageResult>> {
  return step({ ...options, action: "storage", do: what });
}

/** What {@link tab} can also be told. */
export type TabOptions = Omit<TabStep, "action">;

/**
 * Lists the session's tabs, opens one, goes to one or closes one. Steps run in the current tab;
 * when that closes, its opener is the current one, or else the one before. The result: the tabs,
 * each with its index, address and title, and whether it is current; or the tab that is the current
 * one now.
 *
 * @example
 * ```ts
 * tab()
 * ```
 */
export function tab<O extends TabOptions = {}>(options?: Only<O, TabOptions>): Typed<TabStep, Answer<O, TabsResult>> {
  return step({ ...options, action: "tab" });
}

/** What {@link dialog} can also be told. */
export type DialogOptions = Omit<DialogStep, "action" | "do">;

/**
 * Says how the dialogs are answered that pages show from now on. Without a rule alerts, questions
 * and prompts are dismissed, and leaving a page is agreed to. Dialogs are answered at once, and
 * what shows one never waits for a step; only while a person has control of the session, one
 * without a rule waits for them, two minutes at most. The result: list: the last dialogs, with
 * type, message and whether they were accepted.
 *
 * @param what - How they are answered. list says which dialogs there were; reset forgets all rules.
 *
 * @example
 * ```ts
 * dialog("list")
 * ```
 */
export function dialog<O extends DialogOptions = {}>(what: DialogStep["do"], options?: Only<O, DialogOptions>): Typed<DialogStep, Answer<O, DialogsResult>> {
  return step({ ...options, action: "dialog", do: what });
}

/** What {@link download} can also be told. */
export type DownloadOptions = Omit<DownloadStep, "action">;

/**
 * Answers with a file that a page has the browser download, which is kept as an artifact: the first
 * that no step has taken yet, or the next to come. With url it opens that address, which must be a
 * download. The result: the file: the artifact, its name, type, size and SHA-256, and where it came
 * from.
 *
 * @example
 * ```ts
 * download({ url: "https://shop.example/invoice.csv" })
 * ```
 */
export function download<O extends DownloadOptions = {}>(options?: Only<O, DownloadOptions>): Typed<DownloadStep, Answer<O, FileResult, DryRunResult>> {
  return step({ ...options, action: "download" });
}

/** The result of each action. */
export interface Results {
  goto: PageResult;
  back: PageResult;
  forward: PageResult;
  reload: PageResult;
  click: StartResult;
  doubleClick: StartResult;
  hover: DialogsResult;
  tap: StartResult;
  drag: DialogsResult;
  fill: DialogsResult;
  type: DialogsResult;
  press: StartResult;
  select: SelectResult;
  check: DialogsResult;
  uncheck: DialogsResult;
  upload: UploadResult;
  scroll: ScrollResult;
  waitFor: unknown;
  assert: DialogsResult;
  extract: unknown;
  snapshot: OutlineResult;
  evaluate: unknown;
  screenshot: PictureResult;
  pdf: ArtifactResult;
  setCookies: DialogsResult;
  storage: StorageResult;
  tab: TabsResult;
  dialog: DialogsResult;
  download: FileResult;
}

/** The result of each action in a dry run. */
export interface DryResults {
  goto: DryRunResult;
  back: DryRunResult;
  forward: DryRunResult;
  reload: DryRunResult;
  click: StartResult;
  doubleClick: StartResult;
  hover: DialogsResult;
  tap: StartResult;
  drag: DialogsResult;
  fill: DialogsResult;
  type: DialogsResult;
  press: StartResult;
  select: DryRunResult;
  check: DialogsResult;
  uncheck: DialogsResult;
  upload: DryRunResult;
  scroll: DryRunResult;
  waitFor: unknown;
  assert: DialogsResult;
  extract: unknown;
  snapshot: DryRunResult;
  evaluate: unknown;
  screenshot: DryRunResult;
  pdf: DryRunResult;
  setCookies: DialogsResult;
  storage: StorageResult;
  tab: TabsResult;
  dialog: DialogsResult;
  download: DryRunResult;
}
