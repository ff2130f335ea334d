//! One read of the log for many who ask the same at once.

use std::sync::Arc;

use tokio::sync::OnceCell;

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

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicU32, Ordering},
    };

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_thousand_equal_questions_at_once_cost_one_answer() {
        let flight = SingleFlight::default();
        let asked = AtomicU32::new(0);
        let ask = async |question: u32| {
            let twice = async {
                let _ = asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
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
}
