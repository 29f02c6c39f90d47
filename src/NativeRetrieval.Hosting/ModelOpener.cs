using Microsoft.Extensions.Hosting;

namespace NativeRetrieval.Hosting;

/// <summary>The opening of a model when its host starts.</summary>
internal sealed class ModelOpener(IServiceProvider provider, string? name) : IHostedService
{
    /// <exception cref="Core.Errors.NativeRetrievalException">The model cannot be opened; the host does not start.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => HostingExtensions.OptionsOf(provider, name).OpenAtStart
        ? Task.Run(() => HostingExtensions.EngineOf(provider, name), cancellationToken) : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
