//! What a panel draws.

mod lines;
mod stacks;

use super::*;
