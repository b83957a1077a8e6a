"""The look of the report: light or dark as the reader's screen, and plain on paper."""

CSS = """
:root{--page:#f5f6f8;--card:#fff;--ink:#1b2129;--soft:#5b6673;--line:#dfe3e8;--accent:#1f7a8c;
--miss:#c8453b;--mark:#111;--quiet:#b4bdc8}
@media (prefers-color-scheme:dark){:root{--page:#12161b;--card:#1b2128;--ink:#e8ecf1;
--soft:#9aa6b4;--line:#2d353f;--accent:#3fb2c6;--miss:#f0776c;--mark:#fff;--quiet:#4c5866}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:28px;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:19px;margin:0 0 2px}
h3{font-size:14px;margin:22px 0 8px;color:var(--soft);font-weight:600}
p{margin:6px 0}
.soft,.lead{color:var(--soft)}
.note{border-left:4px solid var(--miss);padding:8px 14px;background:var(--card);margin:16px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 24px;
margin:20px 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px;margin:22px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 18px}
.card b{display:block;font-size:30px;line-height:1.25;font-weight:650}
.card span{display:block;color:var(--soft);font-size:13px}
.sides{display:grid;gap:12px 32px;align-items:start;
grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr))}
.beside{display:flex;flex-wrap:wrap;gap:12px 32px;align-items:flex-start}
.beside>div{flex:1 1 380px;max-width:100%}
.beside>div:first-child{flex:1 1 max-content}
.sides>div,.beside>div{min-width:0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:5px 6px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:128px}
th{font-weight:600;color:var(--soft);font-size:13px;vertical-align:bottom}
tr.own td,tr.sum td{font-weight:650}
tr.sum td{border-top:2px solid var(--line)}
small{color:var(--soft);font-weight:400;margin-left:5px;font-size:12px}
i.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px}
svg{width:100%;height:auto;display:block;font-size:12.5px}
svg text{fill:var(--ink)} svg .small{fill:var(--soft);font-size:11.5px}
svg .number{font-weight:600} svg .grid{stroke:var(--line);stroke-width:1}
svg .axis{stroke:var(--soft);stroke-width:1}
svg .whisker{stroke:var(--ink);stroke-width:1.5;opacity:.85}
svg .halo{stroke:var(--card);stroke-width:5;opacity:.55}
svg .diagonal{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 5}
svg .paper{fill:var(--mark);stroke:var(--card);stroke-width:1.5}
svg .hit{fill:var(--accent)} svg .miss{fill:var(--miss)} svg .quiet{fill:var(--quiet)}
svg .incell{font-size:12px} svg .strong{fill:#fff;font-weight:600}
.legend{color:var(--soft);font-size:13px;margin:4px 0 10px}
.shots{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:16px;
margin-top:12px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden;break-inside:avoid}
figure svg{background:#000;max-width:none!important}
figcaption{padding:8px 12px;font-size:13px;line-height:1.45}
figcaption b{font-weight:650}
details summary{cursor:pointer;color:var(--soft)}
li{margin:2px 0;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:13px;margin-top:26px}
@media print{body{background:#fff}section,.card{break-inside:avoid}main{padding:0}}
"""
