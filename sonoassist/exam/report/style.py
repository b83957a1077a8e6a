"""The look of the page: light or dark as the reader's screen, and plain on paper."""

CSS = """
:root{--page:#f5f6f8;--card:#fff;--ink:#1b2129;--soft:#5b6673;--line:#dfe3e8;--accent:#1f7a8c;
--alarm:#b3541e;--good:#23784a;--track:#eef0f3}
@media (prefers-color-scheme:dark){:root{--page:#12161b;--card:#1b2128;--ink:#e8ecf1;
--soft:#9aa6b4;--line:#2d353f;--accent:#3fb2c6;--alarm:#f0a05c;--good:#5cc28e;--track:#262d36}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:28px;line-height:1.2;margin:0 0 10px;letter-spacing:-.01em}
h2{font-size:19px;margin:0 0 10px}
p{margin:6px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
dl.head{display:flex;flex-wrap:wrap;gap:4px 28px;margin:0}
dl.head div{display:flex;gap:8px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.warnings{border-left:4px solid var(--alarm);background:var(--card);padding:8px 16px;
margin:18px 0 0;border-radius:0 8px 8px 0}
.warnings p{margin:3px 0;font-weight:600}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 24px;
margin:20px 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;
margin:20px 0 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 18px}
.card b{display:block;font-size:28px;line-height:1.25;font-weight:650}
.card span{color:var(--soft);font-size:14px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:7px 10px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);font-size:13px;white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap}
tr:last-child td{border-bottom:0}
td.name{white-space:nowrap}
td.note{overflow-wrap:anywhere}
i.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:9px}
i.none{background:none;border:1px solid var(--soft)}
.kept,.ticked{color:var(--good);font-weight:600}
.best{color:var(--alarm);font-weight:600}
.missing,.rejected{color:var(--soft)}
.missing.required{color:var(--ink);font-weight:600}
.shots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(440px,100%),1fr));gap:20px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden;
break-inside:avoid}
figure .picture{background:#000;display:flex;align-items:center;justify-content:center;
aspect-ratio:4/3}
figure img{display:block;max-width:100%;max-height:100%;width:100%;height:100%;
object-fit:contain}
figure .gone{color:#aab2bd;padding:0 40px;text-align:center}
figcaption{padding:10px 14px 12px;font-size:14px;line-height:1.45}
figcaption .title{display:flex;justify-content:space-between;gap:12px;align-items:baseline}
figcaption .title b{font-size:16px;font-weight:650}
figcaption p{margin:2px 0 0}
.badge{font-size:12.5px;font-weight:600;border:1px solid currentColor;border-radius:20px;
padding:1px 10px;white-space:nowrap}
svg{width:100%;height:auto;display:block;font-size:12.5px}
svg text{fill:var(--ink)}svg .small{fill:var(--soft);font-size:11.5px}
svg .track{fill:var(--track)}svg .grid{stroke:var(--line);stroke-width:1}
svg .mark{stroke:var(--ink);stroke-width:1.6;fill:var(--card)}svg .mark.kept{fill:var(--ink)}
.note{white-space:pre-wrap}
.two{display:grid;gap:8px 40px;grid-template-columns:repeat(auto-fit,minmax(min(360px,100%),1fr))}
.two dl{display:grid;grid-template-columns:minmax(110px,auto) 1fr;gap:4px 18px;margin:0;
align-content:start;font-size:14px}
ul{margin:0;padding-left:20px}li{margin:3px 0;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:13px;margin-top:24px}footer b{color:var(--ink)}
@page{size:A4;margin:14mm}
@media print{
:root{--page:#fff;--card:#fff;--ink:#111;--soft:#555;--line:#ccc;--track:#eee;--alarm:#9a4a16;
--good:#1d6b40}
body{font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{padding:0}
section{break-inside:auto;padding:12px 14px}.card,tr{break-inside:avoid}h2{break-after:avoid}
.shots{grid-template-columns:1fr 1fr;gap:12px}}
"""
