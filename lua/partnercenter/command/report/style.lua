-- SPDX-License-Identifier: MIT
--- How the page of a report looks: on light, on dark, on paper.

return [[
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1d2430; --soft: #5b6675; --rule: #dfe3e9; --panel: #f5f7f9;
  --succeeded: #1f7a6d; --denied: #b7700b; --failed: #b3261e; --vetting: #3f6fb5; --sending: #7d8591;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181e; --ink: #e6e9ee; --soft: #9aa5b3; --rule: #2f3742; --panel: #1c222a;
    --succeeded: #4db6a5; --denied: #e0a23c; --failed: #f07a70; --vetting: #7ea6e0; --sending: #98a1ad;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.5rem 3rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.75rem; }
p { margin: 0.4rem 0; }
.soft { color: var(--soft); }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin: 1.75rem 0 1rem; }
.count { background: var(--panel); border-left: 4px solid var(--rule); border-radius: 4px; padding: 0.7rem 0.9rem; }
.count b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.count b small { font-size: 0.9rem; font-weight: 400; color: var(--soft); margin-left: 0.4em; }
.count.succeeded { border-color: var(--succeeded); }
.count.denied { border-color: var(--denied); }
.count.failed { border-color: var(--failed); }
.count.vetting { border-color: var(--vetting); }
.count.sending { border-color: var(--sending); }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: 0.875rem; margin-top: 0.25rem; }
.key { display: inline-block; width: 0.75em; height: 0.75em; border-radius: 2px; margin: 0 0.35em 0 0.9em; }
.key:first-child { margin-left: 0; }
.note { margin-left: 1.6em; }
svg { display: block; width: 100%; height: auto; }
.area.succeeded, .key.succeeded { fill: var(--succeeded); background: var(--succeeded); }
.area.denied, .key.denied { fill: var(--denied); background: var(--denied); }
.area.failed, .key.failed { fill: var(--failed); background: var(--failed); }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.total { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 5 4; }
.tick { fill: var(--soft); font-size: 12px; }
.wide { overflow-x: auto; }
.wide svg { min-width: 34rem; }
.reason { min-width: 11rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--rule); white-space: nowrap; }
th, td { padding: 0.4rem 0.8rem 0.4rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--rule); overflow-wrap: break-word; }
td.id { font: 0.78rem/1.75 ui-monospace, "DejaVu Sans Mono", monospace; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
footer { margin-top: 3rem; padding-top: 0.75rem; border-top: 1px solid var(--rule); color: var(--soft); font-size: 0.85rem; }
@media screen and (max-width: 40rem) {
  body { padding: 1.5rem 1rem 2rem; }
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--rule); padding: 0.6rem 0; }
  td { border: 0; padding: 0; }
  td.number { text-align: left; }
  td.number::before { content: attr(data-title) " "; color: var(--soft); }
  .note { display: block; margin-left: 0; }
  .wide svg { min-width: 0; overflow: visible; }
  .tick { font-size: 20px; }
}
@media print {
  @page { margin: 16mm 14mm; }
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #444c57; --rule: #c9ced6; --panel: #f5f7f9;
    --succeeded: #1f7a6d; --denied: #b7700b; --failed: #b3261e; --vetting: #3f6fb5; --sending: #7d8591;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  figure, .count, tr { break-inside: avoid; }
  .wide { overflow: visible; }
  .wide svg { min-width: 0; }
  table { font-size: 8.5pt; }
  td.id { font-size: 7pt; }
}
]]
