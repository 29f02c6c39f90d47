using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting;

/// <summary>
/// A model of a host. It can be set, so that configuration can be bound to it; what a model was opened with stays until the host ends. The
/// device is no setting but a service: the <see cref="Core.Devices.Device"/> that the host registers, under the model's name or without a
/// key; without any, it is the CPU.
/// </summary>
public sealed class NativeRetrievalOptions
{
    /// <summary>The model folder that training or conversion has written. Required.</summary>
    public string Model { get; set; } = "";

    /// <summary>
    /// Encoders to open: one takes half of the memory, and the other's generator cannot be had. Default <see cref="ModelParts.Both"/>.
    /// </summary>
    public ModelParts Parts { get; set; }

    /// <summary>
    /// Precision of the text encoder. Default <see cref="TextPrecision.Float32"/>; <see cref="TextPrecision.Int8"/> reads sentences faster
    /// and in less memory, on the CPU alone, and their vectors differ a little.
    /// </summary>
    public TextPrecision TextPrecision { get; set; }

    /// <summary>
    /// True opens the model when the host starts, which fails where the model cannot be opened; false at its first use. Default true.
    /// </summary>
    public bool OpenAtStart { get; set; } = true;

    /// <summary>Sizes of the generators' queues, passes and inputs.</summary>
    public EmbeddingLimits Limits { get; set; } = new();
}
