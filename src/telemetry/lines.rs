//! Lines on their way to a file that may be slow, stuck or closed.
//!
//! Whoever writes a line never waits: it is appended to a bounded buffer, which a thread of our own takes away as a
//! whole and writes while the next one fills. When the reader of the other end is stuck, the buffer fills up and lines
//! are thrown away and counted, rather than calls held up or memory filled.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use prometheus::IntCounter;

/// What may wait to be written: some two thousand lines, a second of a busy sidecar.
const MOST_BYTES: usize = 1 << 20;

/// How long the thread collects lines before it writes them. Waking a thread and writing costs more than making the
/// line, so busy times pay for both forty times a second rather than with each call; nobody notices it in a log.
const LINGER: Duration = Duration::from_millis(25);

/// What is worth writing at once.
const ENOUGH_BYTES: usize = MOST_BYTES / 8;

/// How long the end of the process waits for a reader that may be stuck.
const PATIENCE_AT_END: Duration = Duration::from_secs(1);

/// Where lines are handed in.
#[derive(Debug)]
pub(super) struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// The queue has its first line, enough of them, or is wanted written now.
    filled: Condvar,
    /// All lines were written.
    emptied: Condvar,
    dropped: IntCounter,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    lines: u64,
    writing: bool,
    hurry: bool,
    closed: bool,
}

impl Lines {
    /// Lines are written to `writer` by a thread that ends with the returned value; `dropped` counts those that are
    /// not.
    pub(super) fn new(writer: impl Write + Send + 'static, dropped: IntCounter) -> Self {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new(), dropped });
        let theirs = shared.clone();
        // Without the thread, lines are counted as dropped once the buffer is full: calls go on.
        if let Err(problem) = thread::Builder::new().name("access-log".into()).spawn(move || theirs.write_all(writer)) {
            tracing::error!(%problem, "no thread for the access log");
        }
        Self { shared }
    }

    /// Takes `line`, with its line end, or throws it away.
    pub(super) fn push(&self, line: &[u8]) {
        let mut queue = self.shared.lock();
        if queue.bytes.len() + line.len() > MOST_BYTES {
            self.shared.dropped.inc();
            return;
        }
        let was_enough = queue.is_enough();
        queue.bytes.extend_from_slice(line);
        queue.lines += 1;
        let wake = queue.lines == 1 || queue.is_enough() && !was_enough;
        // A thread that is writing looks at the queue before it waits again.
        let wake = wake && !queue.writing;
        drop(queue);
        if wake {
            self.shared.filled.notify_one();
        }
    }

    /// Waits until every line is written, for a second at most.
    pub(super) fn flush(&self) {
        let until = Instant::now() + PATIENCE_AT_END;
        let mut queue = self.shared.lock();
        queue.hurry = true;
        self.shared.filled.notify_one();
        while queue.lines > 0 || queue.writing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.shared.emptied.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush();
        self.shared.lock().closed = true;
        self.shared.filled.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: takes all there is, writes it, and sleeps when there is nothing.
    fn write_all(&self, mut writer: impl Write) {
        let mut taken = Vec::new();
        while let Some(lines) = self.take(&mut taken) {
            if writer.write_all(&taken).and_then(|()| writer.flush()).is_err() {
                self.dropped.inc_by(lines);
            }
            taken.clear();
        }
    }

    /// Exchanges the queue's buffer for the empty `taken`, and says how many lines that were. `None`: the end.
    fn take(&self, taken: &mut Vec<u8>) -> Option<u64> {
        let mut queue = self.lock();
        queue.writing = false;
        while queue.lines == 0 {
            self.emptied.notify_all();
            if queue.closed {
                return None;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue = self.linger(queue);
        queue.writing = true;
        queue.hurry = false;
        std::mem::swap(&mut queue.bytes, taken);
        Some(std::mem::take(&mut queue.lines))
    }

    fn linger<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let wait_on = |queue: &mut Queue| !queue.is_enough() && !queue.hurry;
        self.filled.wait_timeout_while(queue, LINGER, wait_on).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Queue {
    fn is_enough(&self) -> bool {
        self.bytes.len() >= ENOUGH_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::*;

    /// A writer that waits for leave before each write and fails where told to.
    struct Scripted {
        leave: mpsc::Receiver<bool>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.leave.recv() != Ok(true) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.written.send(bytes.to_vec()).expect("the test listens");
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scripted() -> (Lines, IntCounter, mpsc::Sender<bool>, mpsc::Receiver<Vec<u8>>) {
        let (leave, receives_leave) = mpsc::channel();
        let (written, receives_written) = mpsc::channel();
        let dropped = IntCounter::new("dropped", "lines").expect("a good name");
        let lines = Lines::new(Scripted { leave: receives_leave, written }, dropped.clone());
        (lines, dropped, leave, receives_written)
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let (lines, dropped, leave, written) = scripted();
        for n in 0..1_000 {
            lines.push(format!("{n}\n").as_bytes());
        }
        for _ in 0..1_000 {
            leave.send(true).expect("the writer lives");
        }
        lines.flush();
        drop(lines);
        let expected: String = (0..1_000).map(|n| format!("{n}\n")).collect();
        assert_eq!(String::from_utf8(written.iter().flatten().collect()).unwrap(), expected);
        assert_eq!(dropped.get(), 0);
    }

    #[test]
    fn a_stuck_reader_costs_lines_and_not_memory_or_time() {
        let (lines, dropped, leave, written) = scripted();
        let line = [b'x'; 1 << 10];
        // At most one buffer is with the thread and one is filling.
        for _ in 0..4_096 {
            lines.push(&line);
        }
        assert!(dropped.get() >= 2_048, "dropped {}", dropped.get());
        assert!(lines.shared.lock().bytes.len() <= MOST_BYTES);
        for _ in 0..8 {
            leave.send(true).expect("the writer lives");
        }
        lines.flush();
        drop(lines);
        let bytes: usize = written.iter().map(|chunk| chunk.len()).sum();
        assert_eq!(bytes as u64 + dropped.get() * 1_024, 4_096 * 1_024, "each line is written or counted");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let (lines, dropped, leave, _written) = scripted();
        lines.push(b"lost\n");
        leave.send(false).expect("the writer lives");
        lines.flush();
        assert_eq!(dropped.get(), 1);
    }
}
