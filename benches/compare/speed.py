"""Microtome and its peers on the same stores, in turn, and a table of it.

    python speed.py --out FOLDER --stores FOLDER --work FOLDER --binaries FOLDER --environments FOLDER [--only WORK]
                    [--rounds 2] [--seconds 2.5] [--warm-up 1.5] [--minutes 18] [--soak SECONDS]

Writes results.json and summary.md (of a soak soak.csv, too, and nothing else is run then). A system that
fails stands in the table with its error.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import speed_report
from speed_cases import ARRAYS, COMBINED, IMAGE, WORKS, Maker

# Nobody takes so long, unless it hangs.
LONGEST_S = 240
EXTRAS = ["memory", "scaling", "profiling"]


def main():
    """Measures, writes."""
    args = arguments()
    threads = len(os.sched_getaffinity(0))
    maker = Maker(places(args), threads)
    began = time.time()
    results = {"about": speed_report.surroundings(args, threads), "limits": limits(args, threads), "cases": []}
    save = lambda: write(args.out, results)
    if args.soak:
        results["soak"] = soak(args, maker)
        return save()
    works = [work for work in WORKS if wanted(args, work.name)]
    for number, work in enumerate(works, 1):
        # Each kind of work has its share of the time; so has what comes after them.
        until = began + 60 * args.minutes * number / (len(works) + 1)
        results["cases"] += measured(args, maker.of_work(work), until)
        save()
    if wanted(args, "memory"):
        results["memory"] = [once(args, case, min(args.seconds, 1.5), min(args.warm_up, 1)) for case in maker.memory_cases()]
    if wanted(args, "scaling"):
        results["scaling"] = rounds(args, maker.scaling_cases(), args.rounds + 1)
    if wanted(args, "profiling"):
        results["profiling"] = once(args, maker.profiling_case(), 6 * args.seconds, args.warm_up)
    results["limits"] = better(results["limits"], limits(args, threads))
    results["about"]["minutes"] = round((time.time() - began) / 60, 1)
    save()


def arguments():
    """What was said on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["out", "stores", "work", "binaries", "environments"]:
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    names = [work.name for work in WORKS] + EXTRAS
    parser.add_argument("--only", action="append", choices=names, help="may be given several times")
    parser.add_argument("--rounds", type=int, default=2, help="at most; the first is always run, others while time is left")
    parser.add_argument("--minutes", type=float, default=18)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--warm-up", type=float, default=1.5)
    parser.add_argument("--soak", type=float, help="seconds of the heaviest work with little memory, instead of all else")
    return parser.parse_args()


def wanted(args, name):
    """Whether this part was asked for."""
    return not args.only or name in args.only


def places(args):
    """Where everything is; the folder of configurations is made."""
    configurations = os.path.join(args.work, "configurations")
    os.makedirs(configurations, exist_ok=True)
    python = lambda folder: os.path.join(args.environments, folder, "bin/python")
    found = {"stores": args.stores, "configurations": configurations, "microtome": os.path.join(args.binaries, "bench-case")}
    return found | {"cellmap": python("venv"), "peers": python("peers"), "gunpowder": python("gunpowder")}


def limits(args, threads):
    """The machine's limits, and how many chunks each array has."""
    arrays = [*ARRAYS, COMBINED]
    command = [os.path.join(args.binaries, "bench-limits"), "--threads", str(threads), "--image", IMAGE, *arrays]
    run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=args.stores)
    count = lambda path: sum(len(files) for _, _, files in os.walk(os.path.join(args.stores, path)))
    return json.loads(run.stdout) | {"chunks": {path: count(path) for path in arrays}}


def better(first, second):
    """The larger of each rate of two measurements: what else ran on the machine made the other one small."""
    if isinstance(first, dict):
        return {key: better(value, second[key]) for key, value in first.items()}
    return max(first, second) if isinstance(first, (int, float)) else first


def soak(args, maker):
    """One long run with a log."""
    os.makedirs(args.out, exist_ok=True)
    case = maker.soak(os.path.join(args.out, "soak.csv"))
    return once(args, case, args.soak, args.warm_up, longest=args.soak + LONGEST_S)


def measured(args, cases, until):
    """All cases in turn, round after round until that time; of cellmap-data only its best number of workers after the
    first."""
    first = [once(args, case, args.seconds, args.warm_up) for case in cases]
    best = max((row for row in first if row["environment"] == "cellmap"), key=lambda row: row["rates"] or [0], default=None)
    again = [case for case in cases if not case.once and (case.environment != "cellmap" or case.label == best["label"])]
    rows = {row["label"]: row for row in first}
    for _ in range(args.rounds - 1):
        for case in again if time.time() < until else []:
            join(rows[case.label], once(args, case, args.seconds, args.warm_up))
    return [summed(row) for row in first]


def rounds(args, cases, count):
    """Cases in turn, so many times."""
    rows = [once(args, case, args.seconds, args.warm_up) for case in cases]
    for _ in range(count - 1):
        for row, case in zip(rows, cases):
            join(row, once(args, case, args.seconds, args.warm_up))
    return [summed(row) for row in rows]


def once(args, case, seconds, warm_up, longest=LONGEST_S):
    """One process; its line of JSON, or its error."""
    command = [*case.command, "--seconds", str(seconds), "--warm-up", str(warm_up)]
    row = {"work": case.work, "label": case.label, "environment": case.environment, "about": case.about, "rates": []}
    surroundings = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": os.path.join(args.work, "cache")}
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=longest, env=surroundings)
        said = json.loads(run.stdout.strip().splitlines()[-1])
        row |= {"said": said, "rates": [said["samples_per_s"]], "peaks": [said["peak_rss_bytes"]]}
    except OSError:
        row["error"] = "is not installed"
    except (IndexError, ValueError):
        row["error"] = nameless(args, (run.stderr.strip().splitlines() or [f"ended with {run.returncode}"])[-1])
    except subprocess.TimeoutExpired:
        row["error"] = f"nothing after {longest:.0f} s"
    rate = f"{row['rates'][0]:8.2f} samples/s" if row["rates"] else row["error"]
    print(f"{case.work:10} {case.label:45} {rate}", file=sys.stderr, flush=True)
    return row


def nameless(args, text):
    """Without the folders of this machine."""
    for name in ["stores", "work", "binaries", "environments"]:
        text = text.replace(getattr(args, name), f"<{name}>")
    return text


def join(row, other):
    """Adds a later run of the same case."""
    for key in ["rates", "peaks"]:
        row.setdefault(key, []).extend(other.get(key, []))
    if "error" in other:
        row["error"] = other["error"]
    row["said"] = other.get("said", row.get("said"))


def summed(row):
    """With the median of all rounds, and the largest peak."""
    if row["rates"]:
        row["samples_per_s"], row["peak_rss_bytes"] = statistics.median(row["rates"]), max(row["peaks"])
    return row


def write(folder, results):
    """Both files."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.json"), "w") as file:
        json.dump(results, file, indent=1)
    with open(os.path.join(folder, "summary.md"), "w") as file:
        file.write(speed_report.summary(results))


if __name__ == "__main__":
    main()
