"""The style of every page: colours for light and dark that survive colour blindness, for screens, phones and
paper."""

LIGHT = {
    "bg": "#ffffff",
    "panel": "#f5f6f8",
    "fg": "#1a1c1f",
    "muted": "#565b62",
    "grid": "#d9dce1",
    "link": "#005a9c",
    "error": "#a8340f",
    "warning": "#7d5400",
    "note": "#1f5f8b",
    "good": "#00684a",
    "s0": "#0072b2",
    "s1": "#c04f00",
    "s2": "#00805c",
    "s3": "#a34a82",
    "s4": "#1a1c1f",
    "s5": "#8a6d00",
}
DARK = {
    "bg": "#15171a",
    "panel": "#1f2226",
    "fg": "#e8eaed",
    "muted": "#a9b0b8",
    "grid": "#3a3f46",
    "link": "#7cc4ff",
    "error": "#ff9b73",
    "warning": "#f0c24b",
    "note": "#8ccbf2",
    "good": "#56d6a5",
    "s0": "#56b4e9",
    "s1": "#f0963c",
    "s2": "#3ccf9f",
    "s3": "#e08fc0",
    "s4": "#e8eaed",
    "s5": "#f0e442",
}
"""Text has a contrast of 4.5 or more on both backgrounds, lines and bars of 3 or more; hues after Okabe and
Ito 2008."""

VERDICTS = {
    "healthy": ("#009e73", "#000000"),
    "warning": ("#f0e442", "#000000"),
    "saturated": ("#56b4e9", "#000000"),
    "dead": ("#cc79a7", "#000000"),
    "vanishing": ("#0072b2", "#ffffff"),
    "exploding": ("#d55e00", "#000000"),
    "non_finite": ("#000000", "#ffffff"),
    "failed": ("#b0b0b0", "#000000"),
}
"""Background and letter, the same in light and dark."""

VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)
SHADES = len(VIRIDIS)
SERIES = 6

_RULES = """
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--bg);color:var(--fg);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0}
h2{font-size:1.2rem;margin:1.8rem 0 .6rem;border-bottom:1px solid var(--grid)}
h3{font-size:1rem;margin:0 0 .2rem}
p{margin:.3rem 0}
a{color:var(--link)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.5rem 0}
nav a{display:inline-block;padding:.15rem 0}
.muted,footer,figcaption p{color:var(--muted);font-size:.9rem}
.badge{display:inline-block;padding:.05rem .6rem;border-radius:1rem;font-weight:600;font-size:.9rem}
.error{color:var(--error)}.warning{color:var(--warning)}.note{color:var(--note)}.good{color:var(--good)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.6rem 0}
dt{font-weight:600}dd{margin:0}
article{border-left:3px solid var(--grid);padding:.1rem 0 .1rem .8rem;margin:.8rem 0}
article ul{margin:.2rem 0;padding-left:1.2rem}
article:target{border-color:var(--link)}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,29rem),1fr));gap:1rem}
figure{margin:0;padding:.8rem;background:var(--panel);border-radius:.4rem;min-width:0;break-inside:avoid}
.pictures>figure:only-child{max-width:46rem}
svg{display:block;width:100%;height:auto}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:0;margin:.4rem 0;font-size:.9rem}
.legend li::before{content:"";display:inline-block;width:1.4rem;height:0;margin-right:.4rem;
border-top:3px solid var(--c);vertical-align:middle}
.legend li.dash::before{border-top-style:dashed}
.legend li.block::before{height:.8rem;width:.8rem;border:0;background:var(--c)}
.legend .badge{min-width:1.6rem;text-align:center;padding:0 .3rem;border-radius:.2rem;margin-right:.4rem}
.legend.words li::before{display:none}
text{fill:var(--fg);font-size:14px}
.tick{fill:var(--muted);font-size:13px}.power{font-size:10px}
.axis{fill:var(--muted);font-size:13px;font-style:italic}
.paper{fill:var(--bg)}
.grid{stroke:var(--grid);stroke-width:1}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
.line.dash{stroke-width:4.5;stroke-dasharray:5 5;opacity:.75}
.dot,.bar{fill:var(--c)}
.bar[class^="v-"]{stroke:var(--muted);stroke-width:.7}
.band{fill:var(--c);opacity:.22}
.mark{fill:none;stroke:var(--c);stroke-width:2.5}
.hover{fill:transparent}.hover:hover{fill:var(--fg);opacity:.12}
.cells rect{width:var(--w);height:var(--h);stroke:var(--panel);stroke-width:.5}
.cells rect:hover{stroke:var(--fg);stroke-width:2}
.bad{fill:#d55e00}
.letter{font-size:11px;font-weight:600;pointer-events:none}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th{font-weight:600}thead th{vertical-align:bottom}
th:first-child{text-align:left}.left{text-align:left!important}
caption{text-align:left;color:var(--muted);padding:.2rem 0}
summary{cursor:pointer;padding:.2rem 0;color:var(--link)}
code{font-family:ui-monospace,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.spark{width:8rem;height:1.6rem;display:inline-block;vertical-align:middle}
@media (max-width:34rem){.tick,.axis{font-size:16px}th,td{padding:.2rem .4rem}
th[scope=row]>*{display:block;width:11rem;white-space:normal}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,details:not([open]){display:none}
figure,article,tr{break-inside:avoid}figure{border:1px solid var(--grid)}
.pictures{grid-template-columns:1fr 1fr}.scroll{overflow:visible}
table{font-size:6.5pt}th,td{padding:1pt 2.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def style() -> str:
    """All of it: the variables of both schemes, the rules, the classes of series, shades and verdicts."""
    return "".join(
        (
            _variables(LIGHT),
            "@media screen and (prefers-color-scheme:dark){",
            _variables(DARK),
            "}",
            _RULES.strip().replace("\n", ""),
            "".join(f".s{number}{{--c:var(--s{number})}}" for number in range(SERIES)),
            "".join(f".q{number}{{fill:{color}}}" for number, color in enumerate(VIRIDIS)),
            "".join(_verdict(word, *colors) for word, colors in VERDICTS.items()),
        )
    )


def _variables(colors: dict[str, str]) -> str:
    return (
        ":root{color-scheme:light dark;" + "".join(f"--{key}:{color};" for key, color in colors.items()) + "}"
    )


def _verdict(word: str, back: str, front: str) -> str:
    shapes = f".v-{word}{{--c:{back};fill:{back}}}.letter.v-{word}{{fill:{front}}}"
    return f"{shapes}.badge.v-{word}{{background:{back};color:{front}}}"
