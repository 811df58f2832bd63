/** The panels of a run, as the widgets have them; loaded when the first trace is opened. */
export { LocalModel } from "../../widgets/src/local";
export { tabs } from "../../widgets/src/panels/tabs";
export { mount, sheetOf } from "../../widgets/src/shell";
export { make } from "../../widgets/src/text";
