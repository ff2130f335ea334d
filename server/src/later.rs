//! The future that a trait object returns.

use std::pin::Pin;

/// A future that a trait object can return.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;
