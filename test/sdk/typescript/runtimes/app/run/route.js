import { run } from "../../program.js";

export const dynamic = "force-dynamic";
export const GET = () => run(process.env);
