/** How the page looks, light and dark: colours by role and kind, system fonts, nothing from elsewhere. */

export const style: string = `
:root{color-scheme:light dark;--ground:#fbfaf7;--card:#fff;--ink:#22262b;--soft:#666e78;--line:#dfdcd3;--accent:#c2410c;
--control:#9aa0a6;--input:#3f9b6d;--state:#3b73b9;--output:#d9822b;--constant:#8d7bb8;--temporary:#c9b458;--scratch:#b8aca0;--on:#14171a;
--contraction:#3b73b9;--reduction:#8d5fb5;--map:#3f9b6d}
@media(prefers-color-scheme:dark){:root{--ground:#15181c;--card:#1d2126;--ink:#e8e6e1;--soft:#9aa3ad;--line:#343a41;--accent:#ff8a4c;
--control:#5b626a;--input:#3d8a63;--state:#4379ba;--output:#c27428;--constant:#7f6eb0;--temporary:#9d8c3c;--scratch:#6b625a;--on:#fff;
--contraction:#5b93d6;--reduction:#ab82d0;--map:#52b083}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 4px}
h3{font-size:14px;margin:18px 0 2px;overflow-wrap:anywhere}
p{margin:4px 0 10px;overflow-wrap:anywhere}
.note,.sub{color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:20px 0 0}
dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
dt{color:var(--soft);font-size:13px}
dd{margin:0;font-size:19px;font-variant-numeric:tabular-nums}
dd small{display:block;font-size:12.5px;color:var(--soft)}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px}
svg{display:block;width:100%;min-width:640px;height:auto;font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}
.grid{stroke:var(--line);fill:none}
.axis{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}
.buffer{stroke:var(--card);stroke-width:1;pointer-events:fill}
.buffer.thin{stroke:none}.buffer.even{fill-opacity:.78}
.control{fill:var(--control)}.input{fill:var(--input)}.state{fill:var(--state)}.output{fill:var(--output)}
.constant{fill:var(--constant)}.temporary{fill:var(--temporary)}.scratch{fill:var(--scratch)}
.buffer.slice{fill:var(--ink);fill-opacity:.18;stroke:none}
.in{fill:var(--on);font-size:11px;pointer-events:none}
.alive{fill:var(--soft);fill-opacity:.28}
.loop{fill:none;stroke:var(--soft)}
.peak rect{fill:var(--accent);fill-opacity:.08;stroke:var(--accent);stroke-dasharray:4 3;pointer-events:none}
.peak text{fill:var(--accent);font-weight:600}
.head{fill:var(--soft);font-size:13px;font-weight:600}
.body{fill:var(--ground);stroke:var(--line)}
.box.contraction .kind{fill:var(--contraction)}.box.reduction .kind{fill:var(--reduction)}.box.map .kind{fill:var(--map)}
.name{font-weight:600}.price,.writes{fill:var(--soft);font-size:11px}
.box text{pointer-events:none}
.edge{fill:none;stroke:var(--soft);stroke-opacity:.38}
.edge.lit{stroke:var(--accent);stroke-opacity:1;stroke-width:2}
.tip{fill:var(--soft)}
.curve{fill:none;stroke:var(--state);stroke-width:2}
.point{fill:var(--state)}.point.chosen{fill:var(--accent)}
[aria-label]{outline:none}
.buffer:hover,.buffer:focus{stroke:var(--ink);stroke-width:2}
.box:hover .body,.box:focus .body,.point:hover,.point:focus{stroke:var(--accent);stroke-width:2}
.wide:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0;padding:0;list-style:none;font-size:13px;color:var(--soft)}
.legend svg{display:inline-block;width:12px;height:12px;min-width:0;margin-right:6px;vertical-align:-1px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:500}
tbody tr:last-child td{border-bottom:0}
.number{text-align:right}
tr.chosen td{font-weight:600}
.track{display:block;width:140px;height:9px;border-radius:3px;background:var(--line)}
.fill{display:block;height:9px;border-radius:3px;background:var(--state);min-width:1px}
tr.chosen .fill{background:var(--accent)}
#tip{position:fixed;z-index:1;max-width:380px;padding:7px 10px;border-radius:6px;background:var(--ink);color:var(--ground);font-size:13px;line-height:1.4;white-space:pre-line;overflow-wrap:anywhere;pointer-events:none}
#tip[hidden]{display:none}
`
