using System.Reflection;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>One operation that a backend is asked for.</summary>
internal sealed record OperationCall(MethodInfo Method, object?[] Arguments, IBackend Backend)
{
    public string Name => Method.Name;

    public IReadOnlyList<string> Names { get; } = [.. Method.GetParameters().Select(parameter => parameter.Name!)];

    /// <summary>The operation, run as it was asked for.</summary>
    public object? Run() => Run(Backend, Arguments);

    /// <summary>The same operation of another backend or with other arguments.</summary>
    public object? Run(IBackend backend, object?[] arguments) =>
        Method.Invoke(backend, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);

    /// <exception cref="ArgumentException">The operation has no parameter of this name.</exception>
    public T Argument<T>(string name) =>
        IndexOf(name) is var i and >= 0 ? (T)Arguments[i]! : throw new ArgumentException($"{Name} has no parameter {name}");

    /// <summary>The place of a parameter; −1 without it.</summary>
    public int IndexOf(string name)
    {
        for (int i = 0; i < Names.Count; i++)
            if (Names[i] == name) return i;
        return -1;
    }

    /// <summary>The arguments with one in another's place.</summary>
    public object?[] With(string name, object? value) =>
        [.. Arguments.Select((argument, i) => Names[i] == name ? value : argument)];

    /// <summary>Sizes of the tensors that say what kind of work it is, e.g. <c>[2, 64, 201, 64] [64, 64, 3, 3]</c>.</summary>
    public string Shapes { get; } = string.Join(" ", Arguments.OfType<Tensor>().Take(2).Select(tensor => tensor.Shape.ToString()));
}
