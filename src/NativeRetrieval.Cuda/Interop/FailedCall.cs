using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Cudnn;
using NativeRetrieval.Cuda.Interop.Driver;

namespace NativeRetrieval.Cuda.Interop;

/// <summary>
/// The text of a call in an exception's message, from an interpolated string. After a call that succeeded, its values are neither
/// computed nor formatted: a launch allocates nothing.
/// </summary>
[InterpolatedStringHandler]
internal readonly ref struct FailedCall
{
    readonly StringBuilder? _text;

    public FailedCall(int literalLength, int formattedCount, DriverResult result, out bool failed) :
        this(failed = result != DriverResult.Success)
    {
    }

    public FailedCall(int literalLength, int formattedCount, CublasStatus status, out bool failed) :
        this(failed = status != CublasStatus.Success)
    {
    }

    public FailedCall(int literalLength, int formattedCount, CudnnStatus status, out bool failed) :
        this(failed = status != CudnnStatus.Success)
    {
    }

    FailedCall(bool failed) => _text = failed ? new() : null;

    public void AppendLiteral(string text) => _text!.Append(text);

    public void AppendFormatted<T>(T value) => _text!.Append(CultureInfo.InvariantCulture, $"{value}");

    public override string ToString() => _text?.ToString() ?? "";
}
