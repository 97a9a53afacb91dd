// What every page of the dashboard does: keeps itself up to date, sends forms in place,
// and is used by keyboard. Each part is a module of its own; without any of them the
// pages are links and forms.
import { follow } from "./follow.js";
import { forms } from "./forms.js";
import { keyboard } from "./keyboard.js";
import { pictures } from "./pictures.js";
import { recording } from "./recording.js";
import { run } from "./run.js";
import { small } from "./small.js";

small();
keyboard();
forms();
run();
pictures();
recording();
follow();
