import { Html } from './html.ts'

/** Colours of the states are told apart without red and green alone: they differ in lightness too, and every cell has its words. */
const LIGHT = `
  --bg: #fff; --panel: #f5f7f9; --ink: #1b2430; --soft: #566172; --line: #dfe4ea; --accent: #2868b0;
  --good: #1f7a5c; --bad: #b3364a; --open: #8a6100;
  --s-fresh: #3a9d7c; --s-missing: #cfd6de; --s-stale: #e3a92f; --s-aged: #9cc9b8; --s-kept: #7b8db3; --s-blocked: #9a63b5;
  --s-pending: #a6cdea; --s-warming-up: #e9edf1; --s-rejected: #c93f55; --s-shrunk: #b9692c;
  --s-written: #2868b0; --s-confirmed: #86b0dc;`

const DARK = `
  --bg: #11161d; --panel: #1a212b; --ink: #e4e8ee; --soft: #9ba7b6; --line: #2c3643; --accent: #6aaef2;
  --good: #5cc4a0; --bad: #f0788a; --open: #e0b24c;
  --s-fresh: #3fa583; --s-missing: #424e5d; --s-stale: #d39a2a; --s-aged: #5c8a7b; --s-kept: #6c80ab; --s-blocked: #a873c4;
  --s-pending: #3e6f92; --s-warming-up: #242d38; --s-rejected: #e25a6e; --s-shrunk: #c27a3d;
  --s-written: #5b9fe3; --s-confirmed: #3a658f;`

/** The only style of the page: one column on a phone, figures beside each other where there is room, light or dark as the reader has it. */
export const STYLE = new Html(`
:root { color-scheme: light dark;${LIGHT} }
@media (prefers-color-scheme: dark) { :root {${DARK} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1120px; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 4px 0 12px; font-size: 24px; line-height: 1.2; }
h2 { margin: 0 0 12px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 19px; line-height: 1.3; }
h3 { margin: 24px 0 8px; font-size: 15px; }
p { margin: 0 0 10px; }
ul { margin: 8px 0; padding-left: 20px; }
section { margin-top: 28px; }
code { font: 0.92em ui-monospace, monospace; }
a { color: var(--accent); }
.brand { margin: 0; font-weight: 600; }
.soft, .note { color: var(--soft); font-weight: 400; }
.note { font-size: 13.5px; }
.banner { padding: 10px 14px; border-left: 4px solid var(--mood); background: var(--panel); border-radius: 4px; }
.good { --mood: var(--good); } .bad { --mood: var(--bad); } .open { --mood: var(--open); }
.command { padding: 8px 12px; background: var(--panel); border-radius: 4px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin: 14px 0; }
.tiles div { display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: 10px 12px; background: var(--panel); border-radius: 6px; }
.tiles dt { color: var(--soft); font-size: 13px; line-height: 1.35; }
.tiles dd { margin: 0; font-size: 21px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 14px 0 0; padding: 0; list-style: none; font-size: 14px; }
.commands { padding: 0; list-style: none; }
.commands li { margin: 0 0 8px; padding: 8px 12px; background: var(--panel); border-radius: 4px; }
.commands p { margin: 0; }
.word { display: inline-block; max-width: 100%; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 10px; padding: 0; list-style: none; font-size: 13.5px; }
.chip { display: inline-block; width: 11px; height: 11px; margin-right: 6px; border-radius: 2px; }
.beside { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 8px 48px; }
.beside > div { max-width: 100%; }
.beside > .grows { flex: 1 1 480px; max-width: 720px; }
.figures { display: flex; flex-wrap: wrap; gap: 18px 24px; margin: 10px 0; }
figure { margin: 10px 0; max-width: 100%; }
.figures figure { margin: 0; }
figcaption { margin-bottom: 4px; font-size: 13.5px; max-width: 320px; }
.plot { display: block; max-width: 100%; height: auto; color: var(--soft); --plot-background: var(--bg); }
.plot text { white-space: pre; }
.scroll { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: normal; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 400; }
.n { text-align: right; }
.free { display: inline-block; min-width: 150px; max-width: 340px; white-space: normal; overflow-wrap: anywhere; }
.bill { width: 100%; }
.bill th, .bill td { white-space: normal; }
.bill tr.told > * { border-bottom: 0; }
.bill .why td { padding-top: 0; color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
.bill .why ul { margin: 0; }
.flag { color: var(--open); font-size: 12.5px; }
.bar { display: flex; gap: 1px; height: 6px; width: 160px; margin: 5px 0 3px; border-radius: 3px; overflow: hidden; }
details { margin: 8px 0; font-size: 14px; }
summary { color: var(--soft); cursor: pointer; }
footer { margin-top: 36px; border-top: 1px solid var(--line); padding-top: 10px; }
@media print { nav { display: none; } }
`)
