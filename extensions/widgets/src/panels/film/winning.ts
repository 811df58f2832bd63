/** Who was winning: how real the discriminator finds what was drawn, and real drawings beside it. */
import { make, percent } from "../../text";
import type { Film } from "../../wire/film";
import type { Stage } from "./stage";
import { mean, winner } from "./stops";

/** How often the discriminator is right, about what was drawn and what is real alike; null where either is not known. */
export function rightAt([drawn, unseen]: readonly [readonly (number | null)[] | null, readonly (number | null)[] | null], checkpoint: number): number | null {
  const [one, other] = [drawn?.[checkpoint] ?? null, unseen?.[checkpoint] ?? null];
  return one === null || other === null ? null : (one + other) / 2;
}

/** null for a training without a discriminator. */
export function winning(film: Film): Stage | null {
  const line = (name: string): readonly (number | null)[] | null => film.charts.flatMap(({ lines }) => lines).find((one) => one.name === name)?.values ?? null;
  const { verdicts } = film;
  const drawn = line("drawn") ?? verdicts?.drawn.map(mean) ?? null;
  const unseen = line("unseen") ?? verdicts?.real?.map(mean) ?? null;
  if (!drawn) return null;
  const right = [line("right on drawn"), line("right on unseen")] as const;
  const element = make("section", "pe-film-winning");
  const said = make("p", "pe-film-said");
  said.setAttribute("aria-live", "polite");
  const bars = [["What it drew", drawn], ["Real drawings", unseen]] as const;
  const rows = bars.flatMap(([name, values]) => {
    if (!values) return [];
    const row = make("div", "pe-row");
    const [track, fill, share] = [make("span", "pe-track"), make("span", "pe-fill"), make("span", "pe-share")];
    track.append(fill);
    row.append(make("span", "pe-name", name), track, share);
    return [{ row, fill, share, values }];
  });
  const head = make("div", "pe-head");
  head.append(make("span", "pe-title", "Who was winning"), make("span", "pe-aside", "how real the discriminator finds them"));
  element.append(head, ...rows.map(({ row }) => row), said);
  return {
    element,
    update(checkpoint) {
      for (const { fill, share, values } of rows) {
        const value = values[checkpoint] ?? null;
        fill.style.transform = `scaleX(${value ?? 0})`;
        share.textContent = value === null ? "–" : percent(value);
      }
      const text = winner(rightAt(right, checkpoint));
      if (said.textContent !== text) said.textContent = text;
    },
  };
}
