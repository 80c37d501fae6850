//! How much memory an input may cost. Total allocations stand for time, too: what is copied again and again is seen
//! here long before it is slow enough for libFuzzer's own clock.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// For any input, however small: seven dialects have their tables and buffers.
const FREE: usize = 4 << 20;
/// Allocated in all, for each byte of the input, which is read several times and written in seven dialects. A ceiling
/// for what grows faster than the input, no measure of what is needed.
const TOTAL: usize = 16 << 10;
/// Held at one time, for each byte.
const PEAK: usize = 2 << 10;

#[global_allocator]
static METER: Meter = Meter;

/// The system's allocator, counting. Only one thread allocates while a target runs.
struct Meter;

static ALL: AtomicUsize = AtomicUsize::new(0);
static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn count(size: usize) {
    ALL.fetch_add(size, Relaxed);
    let now = NOW.fetch_add(size, Relaxed) + size;
    MOST.fetch_max(now, Relaxed);
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // What grows in place is not copied: only the growth counts.
        count(size.saturating_sub(layout.size()));
        NOW.fetch_sub(layout.size().saturating_sub(size), Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What `work` allocated: in all, and at most at one time.
pub fn metered(work: impl FnOnce()) -> (usize, usize) {
    let (all, now) = (ALL.load(Relaxed), NOW.load(Relaxed));
    MOST.store(now, Relaxed);
    work();
    (ALL.load(Relaxed) - all, MOST.load(Relaxed).saturating_sub(now))
}

/// Does `work` for an input of `length` bytes, and panics where it takes too much.
pub fn within(length: usize, work: impl FnOnce()) {
    let (all, most) = metered(work);
    assert!(all <= FREE + TOTAL * length, "{all} bytes were allocated for an input of {length}");
    assert!(most <= FREE + PEAK * length, "{most} bytes were held for an input of {length}");
}
