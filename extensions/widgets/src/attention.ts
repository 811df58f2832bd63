/** The attention view: word to places, point to words, step by step. The twin of explorer/views/attention.py. */
import { attentionPanel } from "./panels/attention";
import { view } from "./shell";

export default view("Attention", attentionPanel);
