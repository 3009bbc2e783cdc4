//! Our records against those of rustls.

mod alone;
mod broken;
mod exchanged;
mod fuzzed;
mod peers;
