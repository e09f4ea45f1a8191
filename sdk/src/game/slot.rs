//! Where a variable's value is while the game runs.

use std::{
    any::TypeId,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use protocol::model::{Bound, Integer, Outcome, Report, Value, VarName, VarSpec, VarType};

/// A type that is read at the price of an atomic load: numbers and `bool`.
pub trait Scalar: Copy + Send + Sync + 'static {
    /// Its declared type.
    const TYPE: VarType;

    /// As it is kept.
    fn to_bits(self) -> u64;

    /// What was kept.
    fn from_bits(bits: u64) -> Self;

    /// As it is told.
    fn to_value(self) -> Value;

    /// What was told; `None` when it is no value of this type.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! integers {
    ($($type:ident as $wide:ident),+) => {$(
        impl Scalar for $type {
            const TYPE: VarType = VarType::Integer;

            fn to_bits(self) -> u64 {
                (self as $wide) as u64
            }

            fn from_bits(bits: u64) -> Self {
                bits as $type
            }

            fn to_value(self) -> Value {
                Value::Int(Integer::from(self as $wide))
            }

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Int(number) => number.get().try_into().ok(),
                    _ => None,
                }
            }
        }
    )+};
}

integers!(i8 as i64, i16 as i64, i32 as i64, i64 as i64, u8 as u64, u16 as u64, u32 as u64, u64 as u64);

impl Scalar for bool {
    const TYPE: VarType = VarType::Boolean;

    fn to_bits(self) -> u64 {
        self.into()
    }

    fn from_bits(bits: u64) -> Self {
        bits != 0
    }

    fn to_value(self) -> Value {
        Value::Bool(self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(on) => Some(*on),
            _ => None,
        }
    }
}

impl Scalar for f64 {
    const TYPE: VarType = VarType::Float;

    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }

    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }

    fn to_value(self) -> Value {
        Value::Float(self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

impl Scalar for f32 {
    const TYPE: VarType = VarType::Float;

    fn to_bits(self) -> u64 {
        f32::to_bits(self).into()
    }

    fn from_bits(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }

    /// As short as it is written in a program: 0.1, not what a wider float has in its place.
    fn to_value(self) -> Value {
        Value::Float(self.to_string().parse().unwrap_or_else(|_| self.into()))
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.as_f64().map(|number| number as f32).filter(|number| number.is_finite())
    }
}

/// What the game makes of a value before it takes it.
pub(super) type Check = Box<dyn Fn(&Value) -> Outcome + Send + Sync>;

/// The value in force, and the game's own for when nobody wants another one.
pub(super) enum Cell {
    Bits {
        /// The type that these are the bits of.
        of: TypeId,
        now: AtomicU64,
        own: AtomicU64,
        to_value: fn(u64) -> Value,
        from_value: fn(&Value) -> Option<u64>,
    },
    Text(Mutex<Texts>),
    /// An action.
    Nothing,
}

pub(super) struct Texts {
    pub(super) now: Arc<str>,
    own: Arc<str>,
}

impl Cell {
    pub(super) fn of<T: Scalar>(own: T) -> Self {
        let bits = T::to_bits(own);
        Self::Bits {
            of: TypeId::of::<T>(),
            now: bits.into(),
            own: bits.into(),
            to_value: |bits| T::from_bits(bits).to_value(),
            from_value: |value| T::from_value(value).map(T::to_bits),
        }
    }

    pub(super) fn of_text(own: &str) -> Self {
        Self::Text(Mutex::new(Texts { now: own.into(), own: own.into() }))
    }

    /// Whether a reader of one can read the other.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bits { of, .. }, Self::Bits { of: other, .. }) => of == other,
            (Self::Text(_), Self::Text(_)) | (Self::Nothing, Self::Nothing) => true,
            _ => false,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Bits { now, to_value, .. } => to_value(now.load(Relaxed)),
            Self::Text(texts) => Value::Text(hold(texts).now.to_string()),
            Self::Nothing => Value::Json("null".to_owned()),
        }
    }

    fn take(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bits { now, from_value, .. }, value) => match from_value(value) {
                Some(bits) => {
                    now.store(bits, Relaxed);
                    true
                }
                None => false,
            },
            (Self::Text(texts), Value::Text(text)) => {
                hold(texts).now = text.as_str().into();
                true
            }
            _ => false,
        }
    }

    fn release(&self) {
        match self {
            Self::Bits { now, own, .. } => now.store(own.load(Relaxed), Relaxed),
            Self::Text(texts) => {
                let mut texts = hold(texts);
                texts.now = Arc::clone(&texts.own);
            }
            Self::Nothing => {}
        }
    }
}

/// A variable of the game.
pub(crate) struct Slot {
    pub(super) name: VarName,
    pub(super) spec: VarSpec,
    pub(super) cell: Cell,
    pub(super) check: Option<Check>,
}

impl Slot {
    pub(crate) fn name(&self) -> &VarName {
        &self.name
    }

    pub(crate) fn value(&self) -> Value {
        self.cell.value()
    }

    pub(crate) fn report(&self) -> Report {
        Report { name: self.name.clone(), spec: self.spec.clone(), value: self.value() }
    }

    /// The value in force, if it is of this type.
    #[inline]
    pub(super) fn get<T: Scalar>(&self) -> Option<T> {
        match &self.cell {
            Cell::Bits { of, now, .. } if *of == TypeId::of::<T>() => Some(T::from_bits(now.load(Relaxed))),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn bits(&self) -> u64 {
        match &self.cell {
            Cell::Bits { now, .. } => now.load(Relaxed),
            _ => 0,
        }
    }

    pub(super) fn set_bits(&self, bits: u64) {
        if let Cell::Bits { now, own, .. } = &self.cell {
            own.store(bits, Relaxed);
            now.store(bits, Relaxed);
        }
    }

    /// Takes what people want, as far as the game can.
    pub(super) fn apply(&self, wanted: &Value) -> Outcome {
        let mut outcome = match self.clamp(wanted) {
            Some((value, reason)) => Outcome::Clamped { value: Some(value), reason: Some(reason) },
            None => Outcome::Applied,
        };
        if let Some(check) = &self.check {
            match check(in_force(&outcome, wanted)) {
                Outcome::Applied => {}
                // it names no value: what it was asked about stays
                Outcome::Clamped { value: None, .. } => {}
                other => outcome = other,
            }
        }
        let is_taken =
            matches!(outcome, Outcome::Rejected { .. }) || self.cell.take(in_force(&outcome, wanted));
        if is_taken {
            return outcome;
        }
        Outcome::Rejected { reason: Some(format!("the game keeps it as {}", self.spec.var_type)) }
    }

    /// Begins with what it was at the last start, as far as the game can.
    pub(super) fn recall(&self, value: Option<&Value>) {
        if let Some(value) = value.filter(|_| !self.spec.readonly) {
            self.apply(&self.spec.var_type.read(value.clone()).0);
        }
    }

    /// The nearest value of the declared range, where it is outside.
    fn clamp(&self, wanted: &Value) -> Option<(Value, String)> {
        let nearest = |bound: Bound| {
            let value = match bound {
                Bound::Int(number) => Value::Int(number),
                Bound::Float(number) => Value::Float(number),
            };
            self.spec.var_type.fit(value)
        };
        if let Some(min) = self.spec.min.filter(|min| min.compare(wanted).is_some_and(|order| order.is_lt()))
        {
            return Some((nearest(min), format!("the smallest is {min}")));
        }
        let max = self.spec.max.filter(|max| max.compare(wanted).is_some_and(|order| order.is_gt()))?;
        Some((nearest(max), format!("the largest is {max}")))
    }

    /// Nobody wants anything of it any more.
    pub(super) fn release(&self) {
        self.cell.release();
    }

    pub(super) fn text(&self) -> Arc<str> {
        match &self.cell {
            Cell::Text(texts) => Arc::clone(&hold(texts).now),
            _ => "".into(),
        }
    }

    pub(super) fn set_text(&self, text: &str) {
        if let Cell::Text(texts) = &self.cell {
            let text: Arc<str> = text.into();
            *hold(texts) = Texts { now: Arc::clone(&text), own: text };
        }
    }
}

/// The value that counts with this outcome.
fn in_force<'a>(outcome: &'a Outcome, wanted: &'a Value) -> &'a Value {
    match outcome {
        Outcome::Clamped { value: Some(value), .. } => value,
        _ => wanted,
    }
}

/// A lock that somebody panicked with holds what it held.
pub(super) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
