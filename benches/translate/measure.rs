//! Times cases in turn.

use std::time::{Duration, Instant};

use super::allocations::{self, Allocations};

/// Something to be measured.
pub struct Case<'d> {
    /// How many of what is counted one run does.
    units: usize,
    run: Box<dyn FnMut() + 'd>,
}

/// What one unit of a case costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Microseconds of CPU: the median of the rounds.
    pub micros: f64,
    /// Calls of the allocator.
    pub allocations: f64,
    /// The most bytes that one run, not one unit, held at once.
    pub peak: usize,
}

/// How long, how often.
pub struct Plan {
    rounds: usize,
    slice: Duration,
}

impl Plan {
    /// For numbers that are kept.
    pub const FULL: Self = Self { rounds: 31, slice: Duration::from_millis(5) };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 5, slice: Duration::from_millis(1) };
}

impl<'d> Case<'d> {
    /// `run` does `units` of what is counted.
    pub fn new(units: usize, run: impl FnMut() + 'd) -> Self {
        Self { units, run: Box::new(run) }
    }

    /// Does it.
    pub fn run(&mut self) {
        (self.run)();
    }

    fn allocations(&mut self) -> Allocations {
        self.run(); // whatever is made once
        allocations::count(&mut self.run)
    }

    /// How many runs fill a slice.
    fn runs(&mut self, slice: Duration) -> usize {
        let (started, mut runs) = (Instant::now(), 0);
        while started.elapsed() < slice {
            self.run();
            runs += 1;
        }
        runs
    }

    fn time(&mut self, runs: usize) -> f64 {
        let before = cpu();
        (0..runs).for_each(|_| self.run());
        (cpu() - before).as_secs_f64() * 1e6 / (runs * self.units) as f64
    }
}

/// The cost of each case; one after the other, round after round.
pub fn measure(mut cases: Vec<Option<Case<'_>>>, plan: &Plan) -> Vec<Option<Cost>> {
    let counted: Vec<_> = cases.iter_mut().map(|case| case.as_mut().map(Case::allocations)).collect();
    let runs: Vec<_> = cases.iter_mut().map(|case| case.as_mut().map_or(0, |case| case.runs(plan.slice))).collect();
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..plan.rounds {
        for ((case, runs), times) in cases.iter_mut().zip(&runs).zip(&mut times) {
            times.extend(case.as_mut().map(|case| case.time(*runs)));
        }
    }
    let costs = cases.iter().zip(counted).zip(times).map(|((case, counted), times)| {
        let (case, Allocations { calls, peak }) = (case.as_ref()?, counted?);
        Some(Cost { micros: median(times), allocations: calls as f64 / case.units as f64, peak })
    });
    costs.collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// CPU time of this thread: time in which the machine did something else does not count.
#[allow(unsafe_code)]
fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is written into a `timespec` of ours.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(read, 0, "a clock of every Linux");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
