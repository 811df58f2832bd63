/** The words view: the prompt as it is read. The twin of explorer/views/words.py. */
import { wordsPanel } from "./panels/words";
import { view } from "./shell";

export default view("Words", wordsPanel);
