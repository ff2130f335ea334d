//! What a connection is before it speaks: where it comes from and how it is reached.

pub mod addresses;
