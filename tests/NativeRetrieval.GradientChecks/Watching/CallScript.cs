using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>
/// The operations of one pass on a device, with the type and the layout that each tensor has there: the float64 pass, which has neither,
/// is checked in the same form.
/// </summary>
internal sealed class CallScript
{
    readonly List<CallForm> _forms = [];
    int _next;

    /// <summary>True for what only moves or narrows values, which depends on the device and is no step of a model.</summary>
    public static bool IsConversion(OperationCall call) => call.Name is nameof(IBackend.ToLayout) or nameof(IBackend.Cast);

    public object? Record(OperationCall call)
    {
        if (!IsConversion(call))
            _forms.Add(new(call.Name, [.. call.Arguments.Select(argument => (argument as Tensor)?.DType)],
                [.. call.Arguments.Select(argument => (argument as Tensor)?.Layout)]));
        return call.Run();
    }

    /// <summary>The form of the next operation.</summary>
    /// <exception cref="InvalidOperationException">The device ran another operation at this place.</exception>
    public CallForm Next(OperationCall call)
    {
        var form = _next < _forms.Count ? _forms[_next++] : null;
        return form?.Name == call.Name ? form
            : throw new InvalidOperationException($"operation {_next} is {call.Name} in float64 and "
                + $"{form?.Name ?? "missing"} on the device: the checks need the same operations on both");
    }
}

/// <summary>An operation's name and, for each argument that is a tensor, its type and layout.</summary>
internal sealed record CallForm(string Name, DType?[] DTypes, Layout?[] Layouts);
