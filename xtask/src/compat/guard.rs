//! The engine on a stack of its own, so that no schema can bring the process down.

use std::any::Any;
use std::thread;

/// Of the stack; the system gives memory only for what is used of it.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// Does the work on a generous stack.
///
/// # Errors
/// It panicked, which is a mistake of the checker, or no thread could be had; the text says which.
pub(crate) fn guarded<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("compat".to_owned()).stack_size(STACK_BYTES);
        let worker = builder
            .spawn_scoped(scope, work)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        worker.join().map_err(|panic| format!("the checker failed: {}", said(panic.as_ref())))
    })
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it did not say why").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(guarded(|| 1), Ok(1));
        // Not `panic!`, which the lints forbid: an index that is out of bounds panics too.
        let error = guarded(|| [0_u8; 2].iter().copied().nth(9).unwrap()).unwrap_err();
        assert!(error.starts_with("the checker failed: "), "{error}");
    }

    #[test]
    fn the_stack_is_generous() {
        fn deep(left: u32) -> u32 {
            let frame = std::hint::black_box([left; 64]);
            if left == 0 { 0 } else { 1 + deep(left - 1).min(frame[0]) }
        }
        assert!(guarded(|| deep(200_000)).is_ok());
    }
}
