//! Asking a server itself who it is. Only its own answer makes it found.

use std::time::Duration;

use tokio::time::timeout;

use super::list::{Outcome, Probe};
use crate::api::{self, ApiError};

/// How long a server may take to answer. On a network of one's own, longer is as good as never.
const ANSWER: Duration = Duration::from_secs(2);

/// Asks a server at an address.
pub async fn ask(probe: &Probe) -> Outcome {
    match timeout(ANSWER, api::status(&probe.address)).await {
        // A hint with another fingerprint than the server's is somebody's who wants to be taken for it, or an old one.
        Ok(Ok(status)) if probe.fingerprint.is_some() && probe.fingerprint != status.fingerprint => {
            Outcome::Nothing
        }
        Ok(Ok(status)) => Outcome::Answered(Box::new(status)),
        Ok(Err(ApiError::Refused { .. } | ApiError::NotReady(_))) => Outcome::Busy,
        Ok(Err(_)) | Err(_) => Outcome::Nothing,
    }
}
