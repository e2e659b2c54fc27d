//! `microtome attach`: what a loader in another process does: in the window, in the terminal, or once as JSON.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::bail;
use microtome::{Start, format};
use microtome_core::telemetry::ranks::{RankFigures, Role, roles};
use microtome_core::telemetry::wire::{About, Message, Snapshot, Tune, Wants};
use microtome_core::telemetry::{Client, Stats, discovery};
use serde::Serialize;

use super::interrupt::Interrupt;
use super::output::Output;
use super::rates::Rates;
use super::{arguments, open, table};

/// Look at loaders that run in other processes and serve
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome attach                                  list the loaders of this user that serve on this machine\n  \
    microtome attach 127.0.0.1:7400                   one of them in the window; in the terminal without a display\n  \
    microtome attach 127.0.0.1:7400 --once --json     its figures now, for scripts\n  \
    microtome attach 127.0.0.1:7400 --set loader.memory='8 GiB'   if its configuration says telemetry.allow_tuning\n  \
    microtome attach node1:7400 node2:7401 --token W  several ranks side by side, and which of them is slow\n\n\
    A loader serves if its configuration says telemetry.serve = \"127.0.0.1:0\" (any free port). Looking costs it a few \
    percent at most, and what looks too slowly misses messages, never the loader its pace. Ctrl-C ends it.")]
pub struct Args {
    /// Where loaders serve; several are shown as a table
    #[arg(value_name = "HOST:PORT")]
    addresses: Vec<String>,
    /// What the loader's configuration says as telemetry.token; else $MICROTOME_TOKEN, which others of this machine cannot see
    #[arg(long, value_name = "WORD")]
    token: Option<String>,
    /// Set a key of the loader's configuration while it runs, if it allows that, and stop
    #[arg(long, value_name = "KEY=VALUE", value_parser = arguments::setting)]
    set: Option<(String, String)>,
    /// In the terminal, even where there is a display
    #[arg(long)]
    text: bool,
    /// Print the figures of one second, and stop
    #[arg(long)]
    once: bool,
    /// Print JSON: one object (with --once), or one a second
    #[arg(long)]
    json: bool,
}

/// Lists, shows, or prints.
pub fn run(mut args: Args, out: &mut Output) -> anyhow::Result<()> {
    args.token = token(args.token.take());
    if let Some((key, value)) = &args.set {
        return set(&args.addresses, (key, value), args.token.as_deref(), out);
    }
    let in_terminal = args.text || args.once || args.json || args.addresses.len() > 1;
    match args.addresses.as_slice() {
        [] if args.json => out.json(&found()),
        [] => list(out),
        [address] if !in_terminal && open::display().is_ok() => {
            let start = Start::Loader { address: address.clone(), token: args.token };
            open::window(microtome::AppOptions { start, ..microtome::AppOptions::default() })
        }
        addresses => watch(addresses, &args, out),
    }
}

/// Asks every loader to set a key, and prints what each answers.
fn set(addresses: &[String], (key, value): (&str, &str), token: Option<&str>, out: &mut Output) -> anyhow::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(5);
    if addresses.is_empty() {
        bail!("--set needs the address of a loader: microtome attach lists them");
    }
    for address in addresses {
        let mut client = Client::connect(address, token, Wants::default())?;
        client.tune(Tune::Set { key: key.to_owned(), value: value.to_owned() })?;
        let until = Instant::now() + PATIENCE;
        loop {
            match client.next(PATIENCE)? {
                Some(Message::Done(words)) => break out.line(&format!("{address}: {words}"))?,
                Some(Message::Refused(words)) => bail!("{address}: {words}"),
                _ if Instant::now() >= until => bail!("{address}: the loader does not answer"),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The token as it was given, else that of the environment.
pub fn token(given: Option<String>) -> Option<String> {
    given.or_else(|| std::env::var("MICROTOME_TOKEN").ok().filter(|token| !token.is_empty()))
}

fn found() -> Vec<discovery::Found> {
    discovery::folder().map(|folder| discovery::list(&folder)).unwrap_or_default()
}

fn list(out: &mut Output) -> anyhow::Result<()> {
    let found = found();
    if found.is_empty() {
        return out.line(
            "no loader of this user serves on this machine; telemetry.serve = \"127.0.0.1:0\" in its configuration would make one",
        );
    }
    let head = ["address", "loader", "rank", "process"].map(str::to_owned);
    let row = |loader: &discovery::Found| {
        let rank = format!("{} of {}", loader.rank, loader.world_size);
        [loader.address.to_string(), loader.name.clone(), rank, loader.pid.to_string()]
    };
    out.text(&table::aligned(&std::iter::once(head).chain(found.iter().map(row)).collect::<Vec<_>>()))
}

/// A loader that is looked at.
struct Watched {
    client: Client,
    /// Of a second ago, and the newest.
    snapshots: Option<(Snapshot, Snapshot)>,
    ended: Option<String>,
}

/// What is printed of one loader.
#[derive(Serialize)]
struct Told<'a> {
    address: &'a str,
    about: &'a About,
    paused: bool,
    stats: &'a Stats,
    #[serde(flatten)]
    rates: Rates,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds_up: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'a str>,
}

fn watch(addresses: &[String], args: &Args, out: &mut Output) -> anyhow::Result<()> {
    const EVERY: Duration = Duration::from_secs(1);
    let interrupt = Interrupt::listen();
    let connect = |address: &String| -> anyhow::Result<Watched> {
        let client = Client::connect(address, args.token.as_deref(), Wants::default())?;
        Ok(Watched { client, snapshots: None, ended: None })
    };
    let mut watched: Vec<Watched> = addresses.iter().map(connect).collect::<anyhow::Result<_>>()?;
    // Where lines can be written over, the view stays in its place.
    let in_place = !args.once && !args.json && std::io::stdout().is_terminal();
    loop {
        let until = Instant::now() + EVERY;
        let mut first = true;
        while (first || Instant::now() < until) && !interrupt.asked() {
            first = false;
            let share = Duration::from_millis(50) / watched.len().max(1) as u32;
            watched.iter_mut().for_each(|one| one.listen(share));
            if watched.iter().all(|one| one.ended.is_some()) {
                break;
            }
        }
        if interrupt.asked() {
            return Ok(());
        }
        show(&mut watched, args, in_place, out)?;
        if let Some(reason) = watched.iter().all(|one| one.ended.is_some()).then(|| watched[0].ended.clone()).flatten()
        {
            bail!("{reason}");
        }
        if args.once {
            return Ok(());
        }
    }
}

impl Watched {
    fn listen(&mut self, timeout: Duration) {
        if self.ended.is_some() {
            return;
        }
        match self.client.next(timeout) {
            Ok(Some(Message::Stats(new))) => {
                let before = self.snapshots.take().map_or_else(|| (*new).clone(), |(before, _)| before);
                self.snapshots = Some((before, *new));
            }
            Ok(Some(Message::Ended(words))) => self.ended = Some(words),
            Ok(_) => {}
            Err(error) => self.ended = Some(error.to_string()),
        }
    }
}

fn show(watched: &mut [Watched], args: &Args, in_place: bool, out: &mut Output) -> anyhow::Result<()> {
    let roles = roles_of(watched);
    if args.json {
        let told = |(index, one): (usize, &Watched)| -> anyhow::Result<Option<serde_json::Value>> {
            let Some((before, now)) = &one.snapshots else { return Ok(None) };
            let holds_up = roles.as_ref().map(|roles| !matches!(roles[index], Role::KeepsUp | Role::AllWait));
            let told = Told {
                address: one.client.address(),
                about: one.client.about(),
                paused: now.paused,
                stats: &now.stats,
                rates: Rates::between(&before.stats, &now.stats),
                holds_up,
                ended: one.ended.as_deref(),
            };
            Ok(Some(serde_json::to_value(told)?))
        };
        let told: Vec<_> = watched.iter().enumerate().map(told).collect::<anyhow::Result<_>>()?;
        let told: Vec<_> = told.into_iter().flatten().collect();
        match told.as_slice() {
            [one] if watched.len() == 1 => out.json(one)?,
            all => out.json(&all)?,
        }
    } else {
        if in_place {
            // To the first line of the screen, which is emptied.
            out.text("\u{1b}[H\u{1b}[2J")?;
        }
        out.text(&if watched.len() == 1 {
            page_of_one(&watched[0])
        } else {
            page_of_ranks(watched, roles.as_deref())
        })?;
        out.line("")?;
    }
    for one in watched {
        if let Some((before, now)) = &mut one.snapshots {
            *before = now.clone();
        }
    }
    Ok(())
}

/// What each of several is to the others, once all have said something.
fn roles_of(watched: &[Watched]) -> Option<Vec<Role>> {
    let figures = |one: &Watched| {
        let (before, now) = one.snapshots.as_ref()?;
        RankFigures::between(&before.stats, &now.stats)
    };
    let figures: Option<Vec<RankFigures>> = watched.iter().map(figures).collect();
    figures.filter(|figures| figures.len() > 1).map(|figures| roles(&figures))
}

fn page_of_one(one: &Watched) -> String {
    let about = one.client.about();
    let mut page = format!("{} at {}, process {}", about.name, one.client.address(), about.pid);
    if about.world_size > 1 {
        page += &format!(", rank {} of {}", about.rank, about.world_size);
    }
    page.push('\n');
    let Some((before, now)) = &one.snapshots else { return page + "no figures yet\n" };
    let paused = if now.paused { "; paused" } else { "" };
    page += &format!("running for {}{paused}\n\n", format::duration(now.stats.elapsed));
    page += &Rates::between(&before.stats, &now.stats).page(&now.stats);
    if let Some(report) = now.stats.standstills.now() {
        page += &format!("\n{}\n", report.words());
        report.lines().iter().for_each(|line| page += &format!("  {line}\n"));
        page += &format!("{}\n", report.advice());
    }
    if let Some(words) = &one.ended {
        page += &format!("\nended: {words}\n");
    }
    page
}

fn page_of_ranks(watched: &[Watched], roles: Option<&[Role]>) -> String {
    let head = ["rank", "address", "samples/s", "waits", "ready", "cache hits", "memory", ""].map(str::to_owned);
    let row = |(index, one): (usize, &Watched)| {
        let about = one.client.about();
        let (rank, address) = (format!("{} of {}", about.rank, about.world_size), one.client.address().to_owned());
        let Some((before, now)) = &one.snapshots else {
            return [
                rank,
                address,
                "–".into(),
                "–".into(),
                "–".into(),
                "–".into(),
                "–".into(),
                "no figures yet".into(),
            ];
        };
        let rates = Rates::between(&before.stats, &now.stats);
        let word = match (&one.ended, roles.and_then(|roles| roles.get(index))) {
            (Some(words), _) => format!("ended: {words}"),
            (None, Some(Role::HoldsUp { more })) => {
                format!("holds the others up: waits for its loader {} more of the time", format::percent(*more))
            }
            (None, Some(Role::Behind { slower })) => {
                format!("behind: {} slower than the others", format::percent(*slower))
            }
            (None, Some(Role::AllWait)) => "waits for its loader, as the others do".to_owned(),
            (None, _) => String::new(),
        };
        [
            rank,
            address,
            rates.samples_per_s.map_or("–".to_owned(), |rate| format!("{rate:.1}")),
            rates.stall_share.map_or("–".to_owned(), format::percent),
            now.stats.queue.batches.to_string(),
            rates.chunk_hit_rate.map_or("–".to_owned(), format::percent),
            format::bytes(now.stats.memory.rss_bytes),
            word,
        ]
    };
    let rows = std::iter::once(head).chain(watched.iter().enumerate().map(row));
    table::aligned(&rows.collect::<Vec<_>>())
}
