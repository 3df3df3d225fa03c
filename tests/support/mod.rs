//! What several test modules share.

pub mod daemon;
pub mod netns;
pub mod wait;
