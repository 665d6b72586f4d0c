/** The style of the page, in light and dark. */
export const style = `
:root { color-scheme: light dark; --page: #ffffff; --card: #f5f6f8; --ink: #1c2430; --muted: #5b6675; --grid: #dde1e7; --accent: #2f6fd0; --on-strong: #ffffff; --strong: #2f6fd0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --card: #1d232c; --ink: #e8ecf1; --muted: #9aa5b3; --grid: #333c48; --accent: #6ba1f2; --on-strong: #0d1117; --strong: #6ba1f2; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: 2rem clamp(0.9rem, 3vw, 2rem); max-width: 84rem; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, h4, p, ul { margin: 0; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.15rem; }
h3 { font-size: 1rem; }
h4 { margin-top: 0.75rem; font-size: 0.85rem; color: var(--muted); font-weight: 600; }
header p, section > p, footer, small { color: var(--muted); }
section > p { margin-bottom: 0.75rem; font-size: 0.9rem; max-width: 75ch; }
small { font-size: 0.8rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 2rem; }
dl div { padding: 0.6rem 0.9rem; border-radius: 0.5rem; background: var(--card); }
dt { color: var(--muted); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2.5rem 2rem; }
.wide { grid-column: 1 / -1; }
.column { display: grid; grid-template-columns: minmax(0, 1fr); align-content: start; gap: 2rem; }
#map, #curve { overflow: hidden; }
#map { height: clamp(20rem, 60vh, 32rem); }
#curve { height: 16rem; }
#map:focus-visible, button:focus-visible, summary:focus-visible, .scroll:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.dot { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.5em; border-radius: 50%; background: var(--c); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.sizes { display: grid; gap: 0.2rem; max-height: 34rem; overflow-y: auto; padding: 3px; }
button, .strip { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr) auto; gap: 0.75rem; align-items: center; }
button { padding: 0.35rem 0.6rem; border: 1px solid transparent; border-radius: 0.4rem; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
button:hover { background: var(--card); }
button[aria-pressed="true"] { border-color: var(--accent); background: var(--card); }
.bar, .parts { display: flex; height: 0.8rem; }
.bar span { background: var(--c); border-radius: 0.2rem; }
.parts { gap: 1px; }
.parts span, .key { flex: 0 0 0; background: color-mix(in srgb, var(--c) var(--strength), var(--card)); }
.key { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.25em; }
.strip { margin-bottom: 0.4rem; font-size: 0.9rem; }
.strip svg { width: 100%; height: 34px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1rem; }
article { max-width: 44rem; padding: 0.9rem 1rem; border-radius: 0.5rem; background: var(--card); }
article > p { color: var(--muted); font-size: 0.85rem; }
.feature { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.5rem; margin-top: 0.75rem; font-size: 0.9rem; }
.feature small, .feature svg, .range { grid-column: 1 / -1; }
.feature svg { width: 100%; height: 36px; margin-top: 0.2rem; }
.range { display: flex; justify-content: space-between; font-size: 0.75rem; color: var(--muted); border-top: 1px solid var(--grid); }
svg .inside { fill: var(--c); fill-opacity: 0.75; }
svg .others { fill: var(--muted); fill-opacity: 0.6; }
svg .outside { fill: none; stroke: var(--ink); stroke-width: 1.25; vector-effect: non-scaling-stroke; }
svg .zero { fill: none; stroke: var(--muted); vector-effect: non-scaling-stroke; }
ul { padding: 0; list-style: none; }
li { padding: 0.35rem 0; border-top: 1px solid var(--grid); font-size: 0.9rem; }
.cells { display: flex; flex-wrap: wrap; gap: 0 0.9rem; }
.cards.images { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.image { display: block; height: 4.5rem; image-rendering: pixelated; border-radius: 0.25rem; margin: 0.35rem 0.5rem 0 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.confusion th, .confusion td { padding: 0.3rem 0.7rem; text-align: right; }
.confusion td, .confusion thead th { white-space: nowrap; }
.confusion tbody th, .confusion thead th:first-child { position: sticky; left: 0; background: var(--page); text-align: left; font-weight: 400; overflow-wrap: normal; }
.confusion tbody th span { display: block; width: max-content; max-width: min(18rem, 35vw); overflow-wrap: anywhere; }
.confusion td { background: color-mix(in srgb, var(--strong) var(--strength), var(--page)); border: 2px solid var(--page); }
.confusion td.strong { color: var(--on-strong); }
.confusion td.none { color: var(--muted); }
.tree { display: block; }
.tree path { fill: none; stroke: var(--c); stroke-linecap: round; }
.tree text { fill: var(--ink); font-size: 13px; }
.scroll + pre { margin-top: 0.75rem; }
pre { overflow-x: auto; padding: 0.9rem 1rem; border-radius: 0.5rem; background: var(--card); font-size: 0.85rem; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--grid); font-size: 0.85rem; }
@media (max-width: 56rem) { main { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 30rem) { button, .strip { grid-template-columns: 6.75rem minmax(0, 1fr) auto; gap: 0.5rem; } }
`;
