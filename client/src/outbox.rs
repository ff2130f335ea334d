//! Sends on disk until they come back.
