/** The guidance view: what the prompt adds. The twin of explorer/views/guidance.py. */
import { guidancePanel } from "./panels/guidance";
import { view } from "./shell";

export default view("Guidance", guidancePanel);
