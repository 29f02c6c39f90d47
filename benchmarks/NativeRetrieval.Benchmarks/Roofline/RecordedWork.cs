using System.Globalization;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>One piece of work that the backend queued: a line of the recording emulator.</summary>
internal abstract record RecordedWork(string Name)
{
    /// <summary>The work of a line; the forms are those of <c>tests/cuda-emulator/libraries</c>.</summary>
    public static RecordedWork Parse(string line)
    {
        string[] parts = line.Split('\t');
        return parts[0] switch
        {
            "kernel" => new RecordedKernel(parts[1], $"({parts[2]}) ({parts[3]})", [.. parts[5..].Select(RecordedArgument.Parse)]),
            "product" => new RecordedProduct(Numbers(parts[1]), Numbers(parts[2]), int.Parse(parts[3], CultureInfo.InvariantCulture),
                parts[5] == "1 0", long.Parse(parts[6], CultureInfo.InvariantCulture)),
            "convolution" => new RecordedConvolution(parts[1], Numbers(parts[2]), Numbers(parts[3]), Numbers(parts[4]), Numbers(parts[5]),
                int.Parse(parts[6], CultureInfo.InvariantCulture), long.Parse(parts[7], CultureInfo.InvariantCulture)),
            _ => new RecordedTransfer(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture)),
        };

        static long[] Numbers(string text) => [.. text.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
    }
}

/// <summary>A launch of a kernel of ours.</summary>
/// <param name="Shape">Grid and block.</param>
internal sealed record RecordedKernel(string Name, string Shape, IReadOnlyList<RecordedArgument> Arguments) : RecordedWork(Name)
{
    /// <summary>Bytes behind pointers to what is read, each tensor once.</summary>
    public long ReadBytes => Bytes('r');

    /// <summary>Bytes behind pointers to what is written.</summary>
    public long WrittenBytes => Bytes('w');

    long Bytes(char kind) => Arguments.Where(argument => argument.Kind == kind).DistinctBy(argument => argument.Value)
        .Sum(argument => argument.Bytes);
}

/// <summary>An argument: <c>r</c> a pointer to what is read, <c>w</c> to what is written, <c>i</c> or <c>f</c> a number.</summary>
/// <param name="Bytes">Memory from a pointer to the end of its block, which the allocator rounds up by an eighth at most.</param>
internal readonly record struct RecordedArgument(char Kind, string Value, long Bytes)
{
    public static RecordedArgument Parse(string text)
    {
        string[] words = text.Split(' ');
        return new(words[0][0], words[1], words.Length > 2 ? long.Parse(words[2], CultureInfo.InvariantCulture) : 0);
    }
}

/// <summary>A matrix product by cuBLASLt.</summary>
/// <param name="Sizes">m, n, k and the number of products.</param>
/// <param name="ElementBytes">Of the operands and of the result.</param>
/// <param name="Compute">cublasComputeType_t: 68 float32, 77 TF32.</param>
/// <param name="IsForward">True for rows of both matrices, as a layer's output is: no gradient is of this form.</param>
/// <param name="SummandBytes">What is read and added to the result in the same call.</param>
internal sealed record RecordedProduct(long[] Sizes, long[] ElementBytes, int Compute, bool IsForward, long SummandBytes)
    : RecordedWork($"product {Sizes[0]} x {Sizes[1]} x {Sizes[2]}{(Sizes[3] > 1 ? $", {Sizes[3]} times" : "")}");

/// <summary>A convolution by cuDNN, or one of its gradients.</summary>
/// <param name="Direction"><c>forward</c>, <c>data</c> or <c>filter</c>.</param>
/// <param name="Input">N, C, H, W.</param>
/// <param name="Filter">K, height, width.</param>
/// <param name="Output">Height, width.</param>
/// <param name="ElementBytes">Of input and output.</param>
/// <param name="Math">cudnnMathType_t; 3: no tensor cores for float32.</param>
/// <param name="SummandBytes">What is read and added to the result in the same call.</param>
internal sealed record RecordedConvolution(
    string Direction, long[] Input, long[] Filter, long[] Output, long[] ElementBytes, int Math, long SummandBytes)
    : RecordedWork($"convolution {Direction} {Input[1]} to {Filter[0]}, {Input[0]} x {Input[2]} x {Input[3]}");

/// <summary>A copy or a fill by the driver; a bias gradient by cuDNN.</summary>
/// <param name="Kind"><c>fill</c>, <c>copy</c>, <c>upload</c>, <c>download</c> or <c>bias</c>.</param>
internal sealed record RecordedTransfer(string Kind, long Bytes) : RecordedWork(Kind)
{
    /// <summary>True for what a replay has more or less of than work that is launched one by one.</summary>
    public bool IsOfReplay => Kind is "copy" or "download";
}
