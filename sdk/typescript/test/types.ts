// What tsc knows of results. Nothing here runs.
import { Browserhook, assert, click, evaluate, extract, fill, goto, screenshot, storage, tab, waitFor, webhooks, type api, type Link, type ResultOf, type ResultsOf } from "browserhook";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>() => {};

export async function results(client: Browserhook) {
  const session = await client.sessions.create({ url: "https://shop.example/", browser: "shell", timeout: "10m" });

  const [page, clicked, read, picture] = await session.run([
    goto("https://shop.example/", { waitUntil: "load" }),
    click("text=Buy"),
    extract({ fields: { title: "h1", price: { target: "i", type: "number" }, nav: { target: "nav", type: "links" } } }),
    screenshot({ fullPage: true }),
  ]);
  is<Same<typeof page, api.PageResult>>();
  is<Same<typeof clicked, api.StartResult>>();
  is<Same<typeof read, { title: string; price: number | null; nav: Link[] }>>();
  is<Same<typeof picture, api.PictureResult>>();

  // One step answers one result.
  is<Same<typeof one, api.PageResult>>();
  const one = await session.run(goto("https://shop.example/"));

  // So do plain objects, told by their action.
  const [plain, typed] = await session.run([{ action: "goto", url: "https://shop.example/" }, { action: "fill", target: "#q", value: "tea", optional: true }]);
  is<Same<typeof plain, api.PageResult>>();
  is<Same<typeof typed, api.DialogsResult | undefined>>();

  // A list whose length isn't known.
  const many = await session.run(["a", "b"].map((url) => goto(url)));
  is<Same<typeof many, api.PageResult[]>>();

  // What is optional may have failed; a dry run finds and does nothing.
  is<Same<ResultOf<ReturnType<typeof maybe>>, api.PageResult | undefined>>();
  const maybe = () => goto("https://shop.example/", { optional: true });
  is<Same<ResultOf<ReturnType<typeof dry>>, api.DryRunResult>>();
  const dry = () => screenshot({ dryRun: true });
  is<Same<ResultOf<ReturnType<typeof either>>, api.PictureResult | api.DryRunResult>>();
  const either = (dryRun: boolean) => screenshot({ dryRun });

  // Results that are the page's own.
  const own = await session.run([evaluate("1 + 1"), evaluate<number>("1 + 1"), waitFor<{ status: number }>({ response: "*/stock.json" }), assert({ title: "Tea" })]);
  is<Same<typeof own, [unknown, number, { status: number }, api.DialogsResult]>>();

  const lists = await session.run([
    extract({ each: "#products li", fields: { name: "b", link: { target: "a", attribute: "href" }, tags: { each: ".tag" } } }),
    extract({ target: "h1" }),
    extract({ target: "li", all: true }),
    extract({ target: "#rating", type: "number" }),
    extract({ target: "#hours", type: "table" }),
    extract({ fields: { shop: { target: "#shop", fields: { name: "b" } }, sale: { target: "#sale", optional: true } } }),
  ]);
  is<Same<(typeof lists)[0], { name: string | null; link: string | null; tags: string[] }[]>>();
  is<Same<(typeof lists)[1], string>>();
  is<Same<(typeof lists)[2], string[]>>();
  is<Same<(typeof lists)[3], number | null>>();
  is<Same<(typeof lists)[4], Record<string, string>[] | string[][]>>();
  is<Same<(typeof lists)[5], { shop: { name: string | null }; sale: string | null }>>();
  is<Same<ResultOf<ReturnType<typeof perhaps>>, string | undefined>>();
  const perhaps = () => extract({ target: "h1", optional: true });
  is<Same<ResultOf<ReturnType<typeof unknown>>, unknown>>();
  const unknown = (options: Omit<api.ExtractStep, "action">) => extract(options);
  is<Same<ResultsOf<[ReturnType<typeof maybe>, ReturnType<typeof dry>]>, [api.PageResult | undefined, api.DryRunResult]>>();

  // @ts-expect-error an option that there isn't
  goto("https://shop.example/", { waitUnti: "load" });
  // @ts-expect-error another option is right
  goto("https://shop.example/", { timeout: "1s", waitUnti: "load" });
  // @ts-expect-error a value that there isn't
  goto("https://shop.example/", { waitUntil: "loaded" });
  // @ts-expect-error what it needs
  fill("#q");
  // @ts-expect-error an action that there isn't
  await session.run([{ action: "jump" }]);
  // @ts-expect-error a member that there isn't
  await client.sessions.create({ viewPort: { width: 1, height: 1 } });
  storage("get");
  tab({ do: "list" });
}

export async function events(client: Browserhook) {
  for await (const event of client.events.follow({ types: ["step_completed"] })) {
    if (event.data.eventType === "step_completed") is<Same<typeof event.data, api.StepCompletedData>>();
    if (event.data.eventType === "browser_closed") is<Same<typeof event.data.reason, api.BrowserClosedData["reason"]>>();
  }
  is<Same<Awaited<ReturnType<typeof webhooks.verify>>, api.Event>>();
  is<Same<Awaited<ReturnType<typeof client.call<"delete-endpoint">>>, void>>();
  is<Same<Awaited<ReturnType<typeof client.call<"get-session">>>, api.Session>>();
}
