//! One read for many who ask the same at once.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, OnceCell};

use crate::sync::{Ranked, rank};

/// The newest question of some kind, and its answer. When a server restarts, a thousand members return to a room and have missed
/// the same entries. The first of them asks the log, and the others wait for that answer.
#[derive(Debug)]
pub struct SingleFlight<Q, A> {
    newest: Ranked<Option<Arc<Asked<Q, A>>>, rank::Leaf>,
}

#[derive(Debug)]
struct Asked<Q, A> {
    question: Q,
    answer: OnceCell<A>,
}

impl<Q, A> Default for SingleFlight<Q, A> {
    fn default() -> Self {
        Self { newest: Ranked::default() }
    }
}

impl<Q: PartialEq, A: Clone> SingleFlight<Q, A> {
    /// The answer to a question: what `ask` finds, unless it was the newest question already. A question must name the state
    /// it is asked in, so that its answer stays true.
    ///
    /// # Errors
    /// Those of `ask`; the next one asks again.
    pub async fn answer<E>(&self, question: Q, ask: impl Future<Output = Result<A, E>>) -> Result<A, E> {
        let asked = {
            let mut newest = self.newest.lock();
            match &*newest {
                Some(asked) if asked.question == question => asked.clone(),
                _ => newest.insert(Arc::new(Asked { question, answer: OnceCell::new() })).clone(),
            }
        };
        asked.answer.get_or_try_init(|| ask).await.cloned()
    }

    /// Lets go of the answer.
    pub fn forget(&self) {
        *self.newest.lock() = None;
    }
}

/// One read after another of something that changes, each for all who asked before it began. Whoever asks while one is under
/// way needs what was decided since, and shares the next one.
#[derive(Debug)]
pub struct SharedRead<A> {
    begun: AtomicU64,
    turn: Mutex<()>,
    rounds: SingleFlight<u64, A>,
}

impl<A> Default for SharedRead<A> {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), turn: Mutex::default(), rounds: SingleFlight::default() }
    }
}

impl<A: Clone> SharedRead<A> {
    /// What a read finds that begins after this was called: this one, or that of somebody who waits as well. A failure is an
    /// answer too, so that many who wait do not fail one after the other.
    pub async fn answer(&self, read: impl Future<Output = A>) -> A {
        let round = self.begun.load(Ordering::SeqCst) + 1;
        let read = async {
            let _turn = self.turn.lock().await;
            let _ = self.begun.fetch_max(round, Ordering::SeqCst);
            Ok::<_, Infallible>(read.await)
        };
        let Ok(answer) = self.rounds.answer(round, read).await;
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures_util::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_thousand_equal_questions_at_once_cost_one_answer() {
        let flight = SingleFlight::default();
        let asked = AtomicU32::new(0);
        let ask = async |question: u32| {
            let twice = async {
                let _ = asked.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
                Ok::<_, Infallible>(question * 2)
            };
            flight.answer(question, twice).await
        };
        let answers = join_all((0..1_000).map(|_| ask(21))).await;
        assert!(answers.iter().all(|answer| *answer == Ok(42)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(ask(22).await, Ok(44));
        assert_eq!(ask(21).await, Ok(42), "only the newest is kept");
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_question_after_a_failure_is_asked_anew() {
        let flight = SingleFlight::default();
        assert_eq!(flight.answer(1, async { Err::<u32, _>("busy") }).await, Err("busy"));
        assert_eq!(flight.answer(1, async { Ok::<_, &str>(7) }).await, Ok(7));
        flight.forget();
        assert_eq!(flight.answer(1, async { Ok::<_, &str>(8) }).await, Ok(8));
    }

    #[tokio::test]
    async fn a_read_is_for_all_who_asked_before_it_began_and_for_nobody_later() {
        let (shared, state, reads) = (SharedRead::default(), AtomicU32::new(0), AtomicU32::new(0));
        let ask = async |wait: u32| {
            for _ in 0..wait {
                yield_now().await;
            }
            // What is read has to include this.
            let decided = state.fetch_add(1, Ordering::SeqCst) + 1;
            let read = async {
                let _ = reads.fetch_add(1, Ordering::SeqCst);
                let found = state.load(Ordering::SeqCst);
                for _ in 0..10 {
                    yield_now().await;
                }
                found
            };
            assert!(shared.answer(read).await >= decided);
        };
        let _ = join_all((0..1_000).map(|number| ask(number / 100))).await;
        assert_eq!(reads.load(Ordering::SeqCst), 2, "that of the first, and one for all who asked meanwhile");
        let _ = join_all((0..10).map(|number| ask(number * 100))).await;
        assert_eq!(reads.load(Ordering::SeqCst), 12, "nobody is answered from a read of before");
    }

    #[tokio::test]
    async fn who_waits_for_a_read_that_is_given_up_reads() {
        let shared = SharedRead::default();
        let given_up = shared.answer(std::future::pending::<u32>());
        let waits = async {
            yield_now().await;
            shared.answer(async { 7 }).await
        };
        tokio::select! {
            _ = given_up => panic!("it never ends"),
            () = async { (0..5).fold(yield_now(), |_, _| yield_now()).await } => {}
        }
        assert_eq!(waits.await, 7);
    }
}
