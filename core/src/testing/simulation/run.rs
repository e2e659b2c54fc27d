//! Time goes from one end of a step to the next; between them everybody goes on at the rate that processors and store allow.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::agent::{Agent, Step};
use super::ledger::{Ledger, time};
use super::scene::{CHUNK_BYTES, Scene};
use crate::Result;
use crate::geometry::Zyx;
use crate::telemetry::{BatchTimes, Stage, Stats};
use crate::testing::trace::Trace;
use crate::volume::{Announcement, Buffer, Chunk, ChunkCache, ChunkKey, VolumeId};

/// Batches whose times are kept, as of the real loader.
const KEPT: usize = 64;

/// What a simulation showed: where it began to count, and where it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// After the queue was full and the cache warm.
    pub before: Stats,
    /// At the end.
    pub after: Stats,
}

impl Outcome {
    /// Samples per second between both.
    #[must_use]
    pub fn samples_per_s(&self) -> f64 {
        let seconds = (self.after.elapsed - self.before.elapsed).as_secs_f64();
        (self.after.samples - self.before.samples) as f64 / seconds
    }
}

/// Simulates `scene` until the consumer has `warm_up + counted` batches; the first `warm_up` are not counted.
///
/// # Errors
/// A crop that does not fit its volume.
pub fn run(scene: &Scene, (warm_up, counted): (u64, u64)) -> Result<Outcome> {
    let batches = warm_up + counted + scene.batches_ahead + 2;
    let trace = Trace::new(&scene.case, batches as usize * scene.batch_size)?;
    let mut world = World::new(scene, trace);
    while world.ledger.batches < warm_up && world.go_on() {}
    let before = world.ledger.stats(scene, &world.cache);
    while world.ledger.batches < warm_up + counted && world.go_on() {}
    Ok(Outcome { before, after: world.ledger.stats(scene, &world.cache) })
}

struct World<'a> {
    scene: &'a Scene,
    trace: Trace,
    cache: ChunkCache,
    ledger: Ledger,
    workers: Vec<Agent>,
    builders: Vec<Agent>,
    consumer: Agent,
    /// Samples and arrays to read, with their batches.
    reads: VecDeque<(u64, usize, usize)>,
    /// Reads of each batch that are not done.
    open: BTreeMap<u64, usize>,
    making: HashSet<usize>,
    times: BTreeMap<u64, BatchTimes>,
    ready: HashSet<u64>,
    next_in: u64,
    next_out: u64,
    announced: usize,
    requested_s: Option<f64>,
    taken_s: Option<f64>,
    random: u64,
}

impl<'a> World<'a> {
    fn new(scene: &'a Scene, trace: Trace) -> Self {
        let agents = |count: usize| (0..count).map(|_| Agent::default()).collect();
        Self {
            scene,
            trace,
            cache: ChunkCache::new(scene.cache_bytes()),
            ledger: Ledger::new(scene.case.arrays as usize),
            workers: agents(scene.threads),
            builders: agents(scene.builders()),
            consumer: Agent::default(),
            reads: VecDeque::new(),
            open: BTreeMap::new(),
            making: HashSet::new(),
            times: BTreeMap::new(),
            ready: HashSet::new(),
            next_in: 0,
            next_out: 0,
            announced: 0,
            requested_s: None,
            taken_s: None,
            random: scene.seed,
        }
    }

    /// Everything that takes no time, then time until the next step ends; false if none ever does.
    fn go_on(&mut self) -> bool {
        while self.begin_what_can() {}
        let all = || self.workers.iter().chain(&self.builders).chain([&self.consumer]);
        let is = |agent: &&Agent, wanted: fn(&Step) -> bool| agent.steps.front().is_some_and(wanted);
        let computing = all().filter(|agent| is(agent, |step| matches!(step, Step::Compute(..)))).count();
        let transferring = all().filter(|agent| is(agent, |step| matches!(step, Step::Transfer(_)))).count();
        let rates = Rates {
            compute: (self.scene.cores as f64 / computing.max(1) as f64).min(1.0),
            transfer: self.scene.bandwidth / transferring.max(1) as f64,
        };
        let until = all().filter_map(|agent| rates.until(agent)).fold(f64::INFINITY, f64::min);
        if until.is_finite() {
            self.pass(until, &rates);
        }
        until.is_finite()
    }

    fn pass(&mut self, seconds: f64, rates: &Rates) {
        let in_stall = self.requested_s.is_some();
        let (ledger, agents) =
            (&mut self.ledger, self.workers.iter_mut().chain(&mut self.builders).chain([&mut self.consumer]));
        ledger.now_s += seconds;
        ledger.consumer_wait_s += if in_stall { seconds } else { 0.0 };
        for agent in agents {
            let rate = rates.of(agent);
            if let Some(stage) = agent.stage() {
                let computed =
                    if matches!(agent.steps.front(), Some(Step::Compute(..))) { seconds * rate } else { 0.0 };
                ledger.spend(stage, agent.array, (seconds, computed), in_stall);
            }
            agent.left -= seconds * rate;
        }
        let working = self.workers.iter().filter(|worker| !worker.is_idle()).count();
        let ready = (self.next_out..).take_while(|number| self.ready.contains(number)).count();
        let is_full =
            self.next_in - self.next_out >= self.scene.batches_ahead && self.builders.iter().any(Agent::is_idle);
        self.ledger.workers.pass(seconds, working, working == self.workers.len());
        self.ledger.read_queue.pass(seconds, self.reads.len(), false);
        self.ledger.batch_queue.pass(seconds, ready, is_full);
    }

    /// Ends steps that are over and begins those that can; false if there are none.
    fn begin_what_can(&mut self) -> bool {
        let mut moved = self.consume();
        for index in 0..self.builders.len() {
            let mut agent = std::mem::take(&mut self.builders[index]);
            if agent.is_idle() && self.next_in - self.next_out < self.scene.batches_ahead {
                self.begin_batch(&mut agent);
                moved = true;
            }
            moved |= self.advance(&mut agent);
            self.builders[index] = agent;
        }
        for index in 0..self.workers.len() {
            let mut agent = std::mem::take(&mut self.workers[index]);
            if agent.is_idle() && self.begin_read(&mut agent) {
                moved = true;
            }
            moved |= self.advance(&mut agent);
            if agent.is_idle() && agent.array.take().is_some() {
                *self.open.entry(agent.batch).or_default() -= 1;
                moved = true;
            }
            self.workers[index] = agent;
        }
        moved
    }

    fn begin_batch(&mut self, builder: &mut Agent) {
        let number = self.next_in;
        self.next_in += 1;
        let samples = self.scene.batch_size as f64;
        builder.batch = number;
        builder.began_s = self.ledger.now_s;
        let collate = Step::Compute(Stage::Collate, self.vary(self.scene.collate_s));
        let plan = Step::Compute(Stage::Plan, self.vary(self.scene.plan_s * samples));
        builder.steps = [collate, plan, Step::GiveReads, Step::WaitForReads, Step::HandOver].into();
        builder.enter();
        self.times.insert(number, BatchTimes { number, started: time(self.ledger.now_s), ..BatchTimes::default() });
        let first = number as usize * self.scene.batch_size;
        if let Some(over) = number.checked_sub(self.scene.builders() as u64 + 1) {
            (0..self.scene.batch_size)
                .for_each(|at| self.cache.forget(over * self.scene.batch_size as u64 + at as u64));
        }
        self.announce(first);
    }

    /// Tells the cache of the samples to come, and that those of this batch begin.
    fn announce(&mut self, first: usize) {
        let last = first + self.scene.batch_size - 1;
        if self.scene.announced > 0 {
            self.announced = self.announced.max(first + self.scene.batch_size);
            while self.announced <= last + self.scene.announced && self.announced < self.trace.samples.len() {
                let mut said = Announcement::new();
                self.trace.samples[self.announced].iter().for_each(|chunk| said.add_key(key(*chunk)));
                if !self.cache.announce(self.announced as u64, &said) {
                    break;
                }
                self.announced += 1;
            }
        }
        self.cache.begin(last as u64);
    }

    fn begin_read(&mut self, worker: &mut Agent) -> bool {
        let Some((batch, sample, array)) = self.reads.pop_front() else { return false };
        let arrays = self.scene.case.arrays as usize;
        let chunks = &self.trace.samples[sample];
        let of_array = chunks.len() / arrays;
        let mut steps: VecDeque<Step> =
            chunks[array * of_array..(array + 1) * of_array].iter().map(|chunk| Step::Ask(*chunk)).collect();
        steps.push_back(Step::Compute(Stage::Gather, self.vary(self.scene.gather_s)));
        steps.push_back(Step::Compute(Stage::Augment, self.vary(self.scene.augment_s)));
        *worker = Agent { steps, batch, array: Some(array), began_s: self.ledger.now_s, ..Agent::default() };
        worker.enter();
        true
    }

    /// Ends the steps of an agent that are over; whether there were any.
    fn advance(&mut self, agent: &mut Agent) -> bool {
        let mut moved = false;
        while let Some(step) = agent.steps.front().copied() {
            let now_s = self.ledger.now_s;
            let is_over = match step {
                Step::Compute(..) | Step::Pass(..) | Step::Transfer(_) => agent.left <= 1e-12,
                Step::Ask(_) | Step::Land(_) | Step::GiveReads | Step::HandOver => true,
                Step::WaitFor(chunk) => !self.making.contains(&chunk),
                Step::WaitForReads => self.open.get(&agent.batch) == Some(&0),
            };
            if !is_over {
                break;
            }
            moved = true;
            match step {
                Step::Compute(stage, _) => self.ledger.call(stage, now_s - agent.began_s),
                // A read of the store is its latency and its transfer.
                Step::Transfer(_) => self.ledger.call(Stage::Fetch, now_s - agent.began_s),
                Step::WaitFor(_) => self.ledger.call(Stage::Wait, now_s - agent.began_s),
                _ => {}
            }
            if !matches!(step, Step::Pass(..)) {
                agent.began_s = now_s;
            }
            agent.next();
            self.end(step, agent);
        }
        moved
    }

    fn end(&mut self, step: Step, agent: &mut Agent) {
        let now = time(self.ledger.now_s);
        match step {
            Step::Ask(chunk) => self.ask(chunk, agent),
            Step::Land(chunk) => drop(self.making.remove(&chunk)),
            Step::GiveReads => {
                let arrays = self.scene.case.arrays as usize;
                let samples = self.scene.batch_size;
                let first = agent.batch as usize * samples;
                let batch = agent.batch;
                let all =
                    (first..first + samples).flat_map(|sample| (0..arrays).map(move |array| (batch, sample, array)));
                self.reads.extend(all);
                self.open.insert(batch, samples * arrays);
                self.times.entry(batch).or_default().reading = now;
            }
            Step::WaitForReads => {
                self.open.remove(&agent.batch);
                self.times.entry(agent.batch).or_default().read = now;
            }
            Step::HandOver => {
                self.ready.insert(agent.batch);
                self.times.entry(agent.batch).or_default().ready = now;
            }
            _ => {}
        }
    }

    /// The real cache says whether a chunk has to be made.
    fn ask(&mut self, chunk: usize, agent: &mut Agent) {
        let mut is_missing = false;
        let asked = self.cache.get_or_decode(key(chunk), CHUNK_BYTES, || {
            is_missing = true;
            let data = Buffer::U8(vec![0; CHUNK_BYTES as usize]);
            Ok(Some(Chunk::new(Zyx::splat(16), data)))
        });
        drop(asked);
        if is_missing {
            self.making.insert(chunk);
            let steps = [
                Step::Pass(Some(Stage::Fetch), self.vary(self.scene.latency_s)),
                Step::Transfer(CHUNK_BYTES as f64),
                Step::Compute(Stage::Decode, self.vary(self.scene.decode_s)),
                Step::Land(chunk),
            ];
            steps.into_iter().rev().for_each(|step| agent.steps.push_front(step));
        } else if self.making.contains(&chunk) {
            agent.steps.push_front(Step::WaitFor(chunk));
        }
        agent.enter();
    }

    /// The consumer ends its work, asks, or takes.
    fn consume(&mut self) -> bool {
        let now_s = self.ledger.now_s;
        if !self.consumer.is_idle() {
            if self.consumer.left > 1e-12 {
                return false;
            }
            self.consumer.next();
            let busy = time(now_s - self.taken_s.take().unwrap_or(now_s));
            self.ledger.consumer.busy += busy;
            self.ledger.consumer.work.add_time(busy);
        }
        let requested_s = *self.requested_s.get_or_insert(now_s);
        if !self.ready.remove(&self.next_out) {
            return false;
        }
        let number = self.next_out;
        self.next_out += 1;
        self.requested_s = None;
        self.taken_s = Some(now_s);
        let stall = time(now_s - requested_s);
        self.ledger.consumer.stalls.add_time(stall);
        self.ledger.batches += 1;
        self.ledger.samples += self.scene.batch_size as u64;
        let made = self.times.remove(&number).unwrap_or_default();
        let samples = self.scene.batch_size as u64;
        let times = BatchTimes { samples, requested: time(requested_s), taken: time(now_s), stall, ..made };
        self.ledger.last_batches.push_back(times);
        if self.ledger.last_batches.len() > KEPT {
            self.ledger.last_batches.pop_front();
        }
        let work = self.vary(self.scene.consumer_s);
        self.consumer.steps = [Step::Pass(None, work)].into();
        self.consumer.enter();
        true
    }

    /// A time around `mean_s`, log-normal.
    fn vary(&mut self, mean_s: f64) -> f64 {
        let spread = self.scene.spread;
        // Twelve evenly drawn numbers are nearly normal together.
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        mean_s * libm::exp(spread * normal - spread * spread / 2.0)
    }

    /// Evenly within 0–1 (SplitMix64).
    fn unit(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How fast steps go on.
struct Rates {
    compute: f64,
    transfer: f64,
}

impl Rates {
    fn of(&self, agent: &Agent) -> f64 {
        match agent.steps.front() {
            Some(Step::Compute(..)) => self.compute,
            Some(Step::Transfer(_)) => self.transfer,
            Some(Step::Pass(..)) => 1.0,
            _ => 0.0,
        }
    }

    /// When the agent's step ends; `None` if that is not a matter of time.
    fn until(&self, agent: &Agent) -> Option<f64> {
        let rate = self.of(agent);
        (rate > 0.0).then(|| agent.left.max(0.0) / rate)
    }
}

fn key(chunk: usize) -> ChunkKey {
    ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx::new(0, 0, chunk as u64) }
}
