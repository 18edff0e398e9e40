//! Places for requests that are under way.

use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::problem::Problem;
use super::held;

/// As many places as requests may be under way.
#[derive(Debug)]
pub struct Places(Arc<Semaphore>);

/// A place, given back when nobody holds it any more.
#[derive(Clone, Debug)]
pub struct Place {
    of: Arc<Semaphore>,
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Places {
    pub fn of(number: usize) -> Self {
        Self(Arc::new(Semaphore::new(number)))
    }

    /// Takes one, if one is free: nobody waits for it.
    pub fn take(&self) -> Result<Place, Problem> {
        let place = Place { of: self.0.clone(), permit: Arc::default() };
        place.take_again()?;
        Ok(place)
    }
}

impl Place {
    /// Leaves the place to others while the service waits for the caller.
    pub fn leave(&self) {
        held(&self.permit).take();
    }

    /// Takes a place again.
    ///
    /// # Errors
    ///
    /// None is free.
    pub fn take_again(&self) -> Result<(), Problem> {
        let permit = self.of.clone().try_acquire_owned().map_err(|_| Problem::Busy)?;
        *held(&self.permit) = Some(permit);
        Ok(())
    }
}
