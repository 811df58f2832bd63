import { beforeAll, expect, it } from "vitest";
import { golden, message } from "./fixtures/golden";
import { lendPixels } from "./fixtures/model";
import { draw, guided, values } from "./sketch";
import { decode } from "./wire";

const run = decode(golden.meta, message());
const fields = run.fields!;

beforeAll(lendPixels);

it.each(golden.guided)("draws guidance $guidance as Python does", ({ guidance, step, picture }) => {
  const latent = guided(values(fields, "predicted", step)!, values(fields, "push", step)!, run.guidance, guidance);
  const image = draw(latent, fields);
  expect([image.width, image.height]).toEqual([fields.width * 4, fields.height * 4]);
  for (let y = 0, at = 0; y < image.height; y += 4) {
    for (let x = 0; x < image.width; x += 4) {
      for (let i = 0; i < 3; i++, at++) expect(Math.abs(image.data[(y * image.width + x) * 4 + i]! - picture[at]!)).toBeLessThan(6);
    }
  }
});

it("has nothing to draw of what was not sent", () => {
  expect(values({ ...fields, values: {} }, "push", 0)).toBeNull();
});
