/** The steps view: how the picture comes about. The twin of explorer/views/steps.py. */
import { stepsPanel } from "./panels/steps";
import { view } from "./shell";

export default view("Steps", stepsPanel);
