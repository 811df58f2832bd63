/** A speech bubble that holds a heat map. */
import { LabIcon } from "@jupyterlab/ui-components";
import svgstr from "../style/icon.svg";

export const icon = new LabIcon({ name: "prompt-explorer:icon", svgstr });
