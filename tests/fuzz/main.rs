//! What comes in from outside is changed at random, over and over: nothing that reads it may panic, take long, or offer a case that
//! the service would not take.
//!
//! `FUZZ_SECONDS` says for how long (2 by default), `FUZZ_SEED` repeats a run, and inputs that fail are kept in `target/fuzz`. One
//! input alone is run again by `FUZZ_INPUT=target/fuzz/…`. `.ci/fuzz MINUTES` runs it for as long as one likes.

mod mutate;
mod targets;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mutate::Random;
use targets::{TARGETS, Target};

/// The longest that a single input may keep a processor.
const LONGEST: Duration = Duration::from_secs(2);

/// How long an input may take before the whole run is given up, for one that never ends.
const HANGS: Duration = Duration::from_mins(1);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number")))
}

fn a_new_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Keeps an input that failed.
fn keep(target: &Target, input: &[u8], seed: u64, round: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{}-{seed}-{round}", target.name));
    std::fs::write(&path, input).expect("it is written");
    path
}

/// How long this thread has had a processor: a busy machine makes no input slow.
fn on_the_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let nanoseconds = told.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("it begins with a number"))
}

/// What went wrong with an input.
fn failure(target: &Target, input: &[u8]) -> Option<String> {
    let started = on_the_processor();
    let panicked = catch_unwind(AssertUnwindSafe(|| (target.read)(input))).err();
    let took = on_the_processor().saturating_sub(started);
    match panicked {
        Some(reason) => Some(match reason.downcast_ref::<String>() {
            Some(reason) => format!("panics: {reason}"),
            None => format!("panics: {}", reason.downcast_ref::<&str>().unwrap_or(&"with no word")),
        }),
        None => (took > LONGEST).then(|| format!("takes {took:?}")),
    }
}

/// An input that is being read, with since when.
type Running = Arc<Mutex<Option<(Instant, &'static Target, Vec<u8>, u64)>>>;

/// Ends the run, and keeps the input, where one never ends.
fn watch(running: &Running, seed: u64) {
    let running = Arc::clone(running);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let running = running.lock().expect("nobody panics with it");
            if let Some((since, target, input, round)) = running.as_ref()
                && since.elapsed() > HANGS
            {
                eprintln!("{} hangs: {}", target.name, keep(target, input, seed, *round).display());
                std::process::exit(1);
            }
        }
    });
}

fn run_again(path: &str) {
    let name = Path::new(path).file_name().expect("a file").to_string_lossy().into_owned();
    let target = TARGETS.iter().find(|target| name.starts_with(target.name)).expect("its name begins with a target's");
    let input = std::fs::read(path).expect("the input");
    assert_eq!(failure(target, &input), None);
}

#[test]
fn nothing_that_comes_in_makes_its_reader_panic_or_take_long() {
    if let Ok(path) = std::env::var("FUZZ_INPUT") {
        return run_again(&path);
    }
    let seed = number("FUZZ_SEED").unwrap_or_else(a_new_seed);
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2));
    println!("FUZZ_SEED={seed}");
    // Panics are told at the end, each with its input.
    std::panic::set_hook(Box::new(|_| {}));
    let running = Running::default();
    watch(&running, seed);
    let mut random = Random::new(seed);
    let (started, mut rounds, mut failures) = (Instant::now(), 0_u64, Vec::new());
    while started.elapsed() < time && failures.len() < 20 {
        for target in TARGETS {
            let input = (target.seed)(&mut random);
            *running.lock().expect("nobody panics with it") = Some((Instant::now(), target, input.clone(), rounds));
            if let Some(wrong) = failure(target, &input) {
                failures.push(format!("{} {wrong}\n  {}", target.name, keep(target, &input, seed, rounds).display()));
            }
        }
        rounds += 1;
    }
    *running.lock().expect("nobody panics with it") = None;
    drop(std::panic::take_hook());
    println!("{rounds} inputs for each of {} readers in {:?}", TARGETS.len(), started.elapsed());
    assert!(failures.is_empty(), "FUZZ_SEED={seed} finds:\n{}", failures.join("\n"));
}
