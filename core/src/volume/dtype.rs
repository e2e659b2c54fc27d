//! Element types, and the only dispatch from an element type to Rust code.

use serde::{Deserialize, Serialize};

/// The type of an array's elements. `bool` arrays are read as [`DType::U8`] 0/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum DType {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
}

impl DType {
    /// Bytes of one element.
    #[must_use]
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// NumPy's name: `uint8`, `float32`, …
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// True for f16, f32 and f64.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A Rust type that an array can hold.
pub trait Voxel: Copy + Default + PartialEq + Send + Sync + std::fmt::Debug + bytemuck::Pod + 'static {
    /// The element type's name in [`DType`].
    const DTYPE: DType;
    /// As `f64`; exact up to 2⁵³.
    fn to_f64(self) -> f64;
    /// As an id: integers as they are (negative ones wrap), floats truncated to such, NaN as [`u64::MAX`].
    fn to_id(self) -> u64;
    /// As a [`Buffer`].
    fn into_buffer(elements: Vec<Self>) -> Buffer;
    /// The elements of a buffer of this type.
    fn elements_of(buffer: &Buffer) -> Option<&[Self]>;
}

macro_rules! voxel_types {
    ($($dtype:ident $rust:ty, $to_f64:expr, $to_id:expr;)*) => {
        $(impl Voxel for $rust {
            const DTYPE: DType = DType::$dtype;
            fn to_f64(self) -> f64 {
                let f: fn($rust) -> f64 = $to_f64;
                f(self)
            }
            fn to_id(self) -> u64 {
                let f: fn($rust) -> u64 = $to_id;
                f(self)
            }
            fn into_buffer(elements: Vec<Self>) -> Buffer {
                Buffer::$dtype(elements)
            }
            fn elements_of(buffer: &Buffer) -> Option<&[Self]> {
                match buffer {
                    Buffer::$dtype(elements) => Some(elements),
                    _ => None,
                }
            }
        })*

        /// Elements of any type: one decoded chunk, one array, one batch.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "the names say it all")]
        pub enum Buffer {
            $($dtype(Vec<$rust>),)*
        }

        impl Buffer {
            /// `len` zeros of `dtype`.
            #[must_use]
            pub fn zeros(dtype: DType, len: usize) -> Self {
                match dtype { $(DType::$dtype => Self::$dtype(vec![<$rust>::default(); len]),)* }
            }

            /// The element type.
            #[must_use]
            pub const fn dtype(&self) -> DType {
                match self { $(Self::$dtype(_) => DType::$dtype,)* }
            }

            /// Number of elements.
            #[must_use]
            pub const fn len(&self) -> usize {
                match self { $(Self::$dtype(v) => v.len(),)* }
            }

            /// The elements as native-endian bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                match self { $(Self::$dtype(v) => bytemuck::cast_slice(v),)* }
            }
        }

        /// The Rust type of each [`DType`], by the same name.
        pub mod element {
            $(#[doc = concat!("Rust type of `DType::", stringify!($dtype), "`.")] pub type $dtype = $rust;)*
        }
    };
}

/// Runs `$body` with `$slice` bound to the typed `Vec` inside a [`Buffer`] (by the reference you pass).
#[macro_export]
macro_rules! with_buffer {
    ($buffer:expr, $slice:ident => $body:expr) => {
        match $buffer {
            $crate::volume::Buffer::U8($slice) => $body,
            $crate::volume::Buffer::U16($slice) => $body,
            $crate::volume::Buffer::U32($slice) => $body,
            $crate::volume::Buffer::U64($slice) => $body,
            $crate::volume::Buffer::I8($slice) => $body,
            $crate::volume::Buffer::I16($slice) => $body,
            $crate::volume::Buffer::I32($slice) => $body,
            $crate::volume::Buffer::I64($slice) => $body,
            $crate::volume::Buffer::F16($slice) => $body,
            $crate::volume::Buffer::F32($slice) => $body,
            $crate::volume::Buffer::F64($slice) => $body,
        }
    };
}

/// Runs `$body` with the type alias `$T` bound to the Rust type of a [`DType`].
#[macro_export]
macro_rules! with_dtype {
    ($value:expr, $T:ident => $body:expr) => {
        match $value {
            $crate::volume::DType::U8 => $crate::with_dtype!(@as U8, $T => $body),
            $crate::volume::DType::U16 => $crate::with_dtype!(@as U16, $T => $body),
            $crate::volume::DType::U32 => $crate::with_dtype!(@as U32, $T => $body),
            $crate::volume::DType::U64 => $crate::with_dtype!(@as U64, $T => $body),
            $crate::volume::DType::I8 => $crate::with_dtype!(@as I8, $T => $body),
            $crate::volume::DType::I16 => $crate::with_dtype!(@as I16, $T => $body),
            $crate::volume::DType::I32 => $crate::with_dtype!(@as I32, $T => $body),
            $crate::volume::DType::I64 => $crate::with_dtype!(@as I64, $T => $body),
            $crate::volume::DType::F16 => $crate::with_dtype!(@as F16, $T => $body),
            $crate::volume::DType::F32 => $crate::with_dtype!(@as F32, $T => $body),
            $crate::volume::DType::F64 => $crate::with_dtype!(@as F64, $T => $body),
        }
    };
    (@as $dtype:ident, $T:ident => $body:expr) => {{
        #[allow(dead_code, reason = "a body may only need some of its types")]
        type $T = $crate::volume::element::$dtype;
        $body
    }};
}

voxel_types! {
    U8 u8, |v| f64::from(v), |v| u64::from(v);
    U16 u16, |v| f64::from(v), |v| u64::from(v);
    U32 u32, |v| f64::from(v), |v| u64::from(v);
    U64 u64, |v| v as f64, |v| v;
    I8 i8, |v| f64::from(v), |v| v as u64;
    I16 i16, |v| f64::from(v), |v| v as u64;
    I32 i32, |v| f64::from(v), |v| v as u64;
    I64 i64, |v| v as f64, |v| v as u64;
    F16 half::f16, |v| v.to_f64(), |v| id_of_float(v.to_f64());
    F32 f32, |v| f64::from(v), |v| id_of_float(f64::from(v));
    F64 f64, |v| v, id_of_float;
}

fn id_of_float(value: f64) -> u64 {
    // `as` saturates.
    if value.is_nan() {
        u64::MAX
    } else if value < 0.0 {
        value as i64 as u64
    } else {
        value as u64
    }
}

impl Buffer {
    /// From native-endian bytes; `None` if they are no whole number of elements.
    #[must_use]
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Option<Self> {
        let mut buffer = Self::zeros(dtype, bytes.len() / dtype.size_bytes());
        let whole = buffer.size_bytes() == bytes.len();
        let bytes = bytes.get(..buffer.size_bytes())?;
        crate::with_buffer!(&mut buffer, elements => bytemuck::cast_slice_mut(elements).copy_from_slice(bytes));
        whole.then_some(buffer)
    }

    /// True if there is no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the elements take.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.len() * self.dtype().size_bytes()
    }
}
