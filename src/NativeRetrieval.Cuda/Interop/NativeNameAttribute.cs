namespace NativeRetrieval.Cuda.Interop;

/// <summary>The C name of a bound type, enumerator or field; the binding tests look it up in what NVIDIA's headers say.</summary>
[AttributeUsage(AttributeTargets.Enum | AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Field)]
internal sealed class NativeNameAttribute(string name) : Attribute
{
    public string Name => name;
}

/// <summary>A function that some supported library versions lack: its callers expect <see cref="EntryPointNotFoundException"/>.</summary>
/// <param name="since">The first CUDA version that has it.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OptionalExportAttribute(string since) : Attribute
{
    public string Since => since;
}
