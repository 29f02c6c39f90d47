namespace NativeRetrieval.Cuda.Interop;

/// <summary>A function that some supported library versions lack: its callers expect <see cref="EntryPointNotFoundException"/>.</summary>
/// <param name="since">The first CUDA version that has it.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OptionalExportAttribute(string since) : Attribute
{
    public string Since => since;
}
