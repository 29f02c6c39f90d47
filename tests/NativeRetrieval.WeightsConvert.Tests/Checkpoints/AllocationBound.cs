namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Bound on the memory that the reader may allocate for a file: every byte can be an instruction that makes a value.</summary>
static class AllocationBound
{
    const int BytesPerByte = 256;
    const int Constant = 1 << 19;

    public static long For(long fileBytes) => fileBytes * BytesPerByte + Constant;
}
