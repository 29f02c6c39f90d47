using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting;

/// <summary>The check that a model answers, by the way that callers' inputs take.</summary>
internal sealed class ModelCheck(IServiceProvider provider, string? name) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var engine = HostingExtensions.EngineOf(provider, name);
            if (engine.Model.Parts == ModelParts.Audio)
                await Task.Run(() => engine.EmbedSamples([new float[engine.Model.Config.LogMel.SampleRateHz / 10]], cancellationToken),
                    cancellationToken).ConfigureAwait(false);
            else
                await provider.GetRequiredKeyedService<TextEmbeddingGenerator>(name).GenerateAsync(["a sound"],
                    cancellationToken: cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy($"{Path.GetFileName(engine.Folder)} answers on {engine.Model.Device.Description}",
                Data(engine));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, error.Message, error);
        }
    }

    static Dictionary<string, object> Data(RetrievalEngine engine) => new()
    {
        ["model"] = Path.GetFileName(engine.Folder),
        ["fingerprint"] = engine.Fingerprint,
        ["dimensions"] = engine.Model.Config.EmbeddingDimension,
        ["device"] = engine.Model.Device.Description,
    };
}
