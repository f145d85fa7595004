/** Colours by what they mean, light and dark. One accent colour; a second one says only that something went wrong. */
export const TOKENS = `
:root{color-scheme:light dark;--paper:#fdfdfc;--ink:#1c1e21;--soft:#5b6068;--faint:#8a9099;--rule:#e3e4e3;--wash:#f4f5f4;--accent:#1459a8;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--paper:#131518;--ink:#e6e7e9;--soft:#a3a9b2;--faint:#7d848e;--rule:#2b2f35;--wash:#1a1d21;--accent:#7db4f0;--bad:#ee7b70}}
`;

/** The whole style sheet. */
export const STYLE = `${TOKENS}*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;text-rendering:optimizeLegibility}
.page{max-width:944px;margin:0 auto;padding:72px 32px 96px}
h1{font-size:34px;line-height:1.2;font-weight:600;letter-spacing:-.02em;margin:0 0 12px;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;font-weight:600;letter-spacing:-.01em;margin:0 0 8px;overflow-wrap:anywhere}
h3.month{font-size:13px;font-weight:600;color:var(--soft);margin:28px 0 6px}
p{margin:0 0 12px;max-width:68ch;overflow-wrap:anywhere}
.summary{font-size:18px;color:var(--soft);margin:0}
.stamp,.note,figcaption,caption,small,.legend,footer{font-size:13px;color:var(--soft)}
.stamp{margin:14px 0 0}
nav{margin:36px 0 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);padding:10px 0}
nav ul{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;margin:0;padding:0;font-size:14px}
a{color:var(--accent);text-decoration:none}
a:hover{text-decoration:underline;text-underline-offset:3px}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
section{margin:64px 0 0;scroll-margin-top:24px}
.lead{color:var(--soft);margin-bottom:20px}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:28px 24px;margin:40px 0 0}
.facts dt{font-size:13px;color:var(--soft)}
.facts dd{margin:2px 0 0;font-size:26px;line-height:1.25;font-weight:600;letter-spacing:-.015em;overflow-wrap:anywhere}
.facts small{display:block;font-weight:400;letter-spacing:0;margin-top:3px;line-height:1.4}
.timeline{list-style:none;margin:0;padding:0}
.timeline li{display:grid;grid-template-columns:88px 20px 1fr;gap:0 14px;padding:5px 0;align-items:start}
.timeline time{font-size:13px;line-height:26px;color:var(--soft);white-space:nowrap}
.timeline p{margin:0}
.icon{width:16px;height:16px;margin-top:5px;fill:none;stroke:var(--faint);stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}
.timeline .accent .icon{stroke:var(--accent)}.timeline .bad .icon{stroke:var(--bad)}
.timeline .accent p,.timeline .bad p{font-weight:600}
.detail{display:block;font-size:14px;font-weight:400;color:var(--soft)}
dd .detail{display:inline}
figure{margin:32px 0 0}
figcaption{font-weight:600;color:var(--ink);margin-bottom:8px;overflow-wrap:anywhere}
figure .note{margin:8px 0 0}
.chart,.scroll{overflow-x:auto;overscroll-behavior-x:contain}
.chart svg{display:block;overflow:visible}
.chart.fluid svg{width:100%;height:auto;min-width:700px;max-width:880px}
.chart.wide{margin-inline:calc((100% - min(100vw - 64px,1200px))/2)}
.chart.wide svg{margin:0 auto}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;margin:0 0 8px;padding:0}
.legend li{display:flex;align-items:center;gap:7px}
.key{width:14px;height:3px;border-radius:1px;background:var(--faint)}
.key.accent{background:var(--accent)}.key.bad{background:var(--bad)}
.key.dash1,.key.dash2{background:repeating-linear-gradient(90deg,var(--key) 0 4px,transparent 4px 7px)}.key{--key:var(--faint)}.key.accent{--key:var(--accent)}.key.bad{--key:var(--bad)}.key.dash2{background:repeating-linear-gradient(90deg,var(--key) 0 2px,transparent 2px 5px)}
.key.outline{height:10px;background:none;border:1.5px solid var(--soft);border-bottom:0}
.key.fill{height:10px;background:var(--accent);opacity:.35}
.key.heat{width:14px;height:14px}
text{font-size:12px;fill:var(--soft);font-family:inherit}
text.label{font-size:13px;fill:var(--ink)}text.strong{fill:var(--ink)}
text.end{text-anchor:end}text.middle{text-anchor:middle}text.accent{fill:var(--accent)}text.bad{fill:var(--bad)}
.grid,.mark{stroke:var(--rule);fill:none}
.zero{stroke:var(--faint);fill:none}
.line{fill:none;stroke:var(--faint);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.line.accent{stroke:var(--accent);stroke-width:2}.line.bad{stroke:var(--bad);stroke-width:2}.line.outline{stroke:var(--soft);stroke-width:1.3}
.line.dash1{stroke-dasharray:5 4}.line.dash2{stroke-dasharray:1.5 4}
.band{fill:var(--faint);fill-opacity:.14}.band.accent{fill:var(--accent)}.band.bad{fill:var(--bad)}
.fill{fill:var(--accent);fill-opacity:.3}
.bar{fill:var(--accent)}.bar.muted{fill:var(--faint)}.bar.bad{fill:var(--bad)}
.threshold{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
.event{stroke-width:1.2;fill:none}.event.accent{stroke:var(--accent)}.event.bad{stroke:var(--bad)}
.heat{fill:var(--accent);background:var(--accent)}
.h0{opacity:.08}.h1{opacity:.22}.h2{opacity:.42}.h3{opacity:.68}
.h4{fill:var(--bad);background:var(--bad)}
.cut{stroke:var(--paper);fill:none}
.edge{fill:none;stroke:var(--faint);stroke-opacity:.7;stroke-width:1.1}
.node rect{fill:var(--paper);stroke:var(--rule);stroke-width:1}
.node .kind{font-size:11px;fill:var(--soft)}
.node.run rect{fill:var(--wash)}
.node.model rect{stroke:var(--accent);stroke-width:1.4}
.interval{display:block;width:260px;height:22px}
.whisker{fill:none;stroke-width:1.8;stroke:var(--accent)}.point{fill:var(--accent)}
.whisker.bad{stroke:var(--bad)}.point.bad{fill:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.45}
caption{text-align:left;padding:0 0 8px}
th,td{text-align:left;font-weight:400;padding:7px 20px 7px 0;border-bottom:1px solid var(--rule);vertical-align:middle;overflow-wrap:break-word}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:13px;color:var(--soft);vertical-align:bottom;border-bottom-color:var(--faint)}
thead small{display:block;font-size:12px}
.num{text-align:right;white-space:nowrap}
.num+td:not(.num),.num+th:not(.num){padding-left:16px}
.plot{padding-top:0;padding-bottom:0}
tbody th{min-width:9em;position:sticky;left:0;background:var(--paper)}
.verdict{white-space:nowrap;color:var(--soft)}
.verdict.fail{color:var(--bad);font-weight:600}
.verdict.pass{color:var(--ink)}
.ending{border-left:3px solid var(--accent);padding-left:14px;margin:24px 0 0}
.ending.bad{border-color:var(--bad)}
.ending time{color:var(--soft);margin-right:6px}
.range{fill:none;stroke:var(--faint);stroke-width:1.2;stroke-opacity:.7}.range.accent{stroke:var(--accent)}.range.bad{stroke:var(--bad)}
.point.muted{fill:var(--faint)}
.checks .filter{display:flex;flex-wrap:wrap;gap:4px 22px;border:0;border-bottom:1px solid var(--rule);margin:0 0 8px;padding:0 0 10px;font-size:14px}
.filter legend{float:left;padding:0;margin-right:22px;color:var(--soft)}
.filter input{accent-color:var(--accent);margin:0 4px 0 0}
.filter .detail{display:inline}
.subject{display:grid;grid-template-columns:168px 1fr;gap:0 14px;padding:8px 0;border-bottom:1px solid var(--rule);font-size:14px;line-height:1.5}
.many .subject{content-visibility:auto;contain-intrinsic-size:auto 123px}
.subject h3{grid-column:1;grid-row:1/9;font-size:14px;font-weight:600;margin:0;overflow-wrap:anywhere}
.subject ul{grid-column:2;list-style:none;margin:0;padding:0;min-width:0;overflow-wrap:anywhere}
.subject li{padding-left:20px;position:relative}
.subject li::before{position:absolute;left:0;color:var(--soft);content:"✓"}
.subject .fail li::before{content:"✗";color:var(--bad);font-weight:600}.subject .insufficient li::before{content:"?"}
.subject .pass li{color:var(--soft)}
.subject code{display:block;color:var(--soft)}
.checks:has([value=fail]:checked) :is(.subject:not(.has-fail),ul:not(.fail)),.checks:has([value=insufficient]:checked) :is(.subject:not(.has-insufficient),ul:not(.insufficient)),.checks:has([value=pass]:checked) :is(.subject:not(.has-pass),ul:not(.pass)){display:none}
.log{list-style:none;margin:0;padding:0}
.log li{display:grid;grid-template-columns:124px 1fr;gap:0 14px;padding:12px 0;border-bottom:1px solid var(--rule);font-size:15px}
.log p{margin:0}.log .detail{margin-bottom:4px}
.log time{font-size:13px;line-height:24px;color:var(--soft)}
.log .outcome{font-weight:600}
.log p .detail{display:inline}
.pairs{margin:0}
.pairs div{display:grid;grid-template-columns:88px 1fr;gap:14px;padding:7px 0;border-bottom:1px solid var(--rule)}
.rules{margin-bottom:28px}
.pairs.wide div{grid-template-columns:124px 1fr}.pairs.wide dt{font-size:13px;line-height:25px}
dl.pairs.wide{margin-top:8px}
.rules div{grid-template-columns:168px 1fr}
.pairs dt{color:var(--soft);font-size:14px}.pairs dd{margin:0;min-width:0}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
details{margin-top:12px}
summary{font-size:14px;color:var(--accent);cursor:pointer}
details .scroll{margin-top:8px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:80px;padding-top:14px;border-top:1px solid var(--rule)}
@media(max-width:960px){.interval{width:180px}.verdict{white-space:normal}}
@media(max-width:640px){.chart.wide{margin-inline:0}.rules div,.pairs.wide div,.subject,.log li{grid-template-columns:1fr}.subject h3,.subject ul{grid-column:1;grid-row:auto}.interval{width:180px}tbody th{min-width:7em}.page{padding:36px 18px 64px}h1{font-size:27px}.summary{font-size:17px}section{margin-top:48px}.facts{grid-template-columns:1fr 1fr;gap:20px 16px}.facts dd{font-size:21px}.timeline li{grid-template-columns:20px 1fr}.timeline time{grid-column:2;grid-row:1}.timeline .icon{grid-column:1;grid-row:1}.timeline p{grid-column:2}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--faint:#777;--rule:#ccc;--wash:#f6f6f6;--accent:#1459a8;--bad:#b3261e}body{font-size:10.5pt}.page{max-width:none;padding:0}nav{display:none}section{margin-top:32pt}figure,tr,.timeline li{break-inside:avoid}h2,h3,figcaption{break-after:avoid}.chart svg{width:100%;height:auto;min-width:0!important}.subject{content-visibility:visible!important;break-inside:avoid}.chart.wide{margin-inline:0}.chart,.scroll{overflow:visible}table{font-size:8.5pt}th,td{padding-right:10px}.num+td:not(.num),.num+th:not(.num){padding-left:4px}tbody th{min-width:0}.interval{width:150px}.verdict{white-space:normal}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`.trim();
