/** All views of one run, in tabs. The twin of explorer/views/trace.py. */
import { tabs } from "./panels/tabs";
import { view } from "./shell";

export default view("Views", (context) => tabs(context));
