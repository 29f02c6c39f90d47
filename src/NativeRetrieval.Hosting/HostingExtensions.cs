using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;

namespace NativeRetrieval.Hosting;

/// <summary>
/// Models as services of a host: the <see cref="RetrievalEngine"/>, <see cref="TextEmbeddingGenerator"/> and
/// <see cref="AudioEmbeddingGenerator"/>, the latter two also under their interfaces. A model with a name is a keyed service under it, the
/// one without a name needs no key. Each is one object, opened once and disposed of with the host.
/// </summary>
public static class HostingExtensions
{
    /// <summary>Adds the host's model.</summary>
    /// <param name="configure">Sets its folder and what else differs from the defaults.</param>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, Action<NativeRetrievalOptions> configure) =>
        Add(services, null, options => options.Configure(configure));

    /// <summary>Adds one of several models, under a name.</summary>
    /// <param name="name">Key of the model's services, and name of its options.</param>
    /// <param name="configure">Sets its folder and what else differs from the defaults.</param>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, string name,
        Action<NativeRetrievalOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Add(services, name, options => options.Configure(configure));
    }

    /// <summary>Adds the host's model from its settings.</summary>
    /// <param name="settings">
    /// A section with the names of <see cref="NativeRetrievalOptions"/>, such as <c>{ "Model": "models/clap", "Limits": { "Waiting": 64 }
    /// }</c>. A name that is not known is an error when the host starts.
    /// </param>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, IConfiguration settings) =>
        Add(services, null, options => options.Configure(bound =>
            settings.Bind(bound, binder => binder.ErrorOnUnknownConfiguration = true)));

    /// <summary>Adds one of several models, under a name, from its settings.</summary>
    /// <param name="name">Key of the model's services, and name of its options.</param>
    /// <param name="settings">A section with the names of <see cref="NativeRetrievalOptions"/>.</param>
    public static IServiceCollection AddNativeRetrieval(this IServiceCollection services, string name, IConfiguration settings)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Add(services, name, options => options.Configure(bound =>
            settings.Bind(bound, binder => binder.ErrorOnUnknownConfiguration = true)));
    }

    /// <summary>
    /// Adds a check that a model answers: it embeds a few words, or a tenth of a second of silence where it was opened for sounds alone.
    /// It is called <c>nativeretrieval</c>, or <c>nativeretrieval-NAME</c>.
    /// </summary>
    /// <param name="name">The model's name; null: the one without.</param>
    /// <param name="failureStatus">Status where it does not answer; null: unhealthy.</param>
    /// <param name="tags">Tags by which the host chooses among checks; null: none.</param>
    public static IHealthChecksBuilder AddNativeRetrieval(this IHealthChecksBuilder checks, string? name = null,
        HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        checks.Add(new HealthCheckRegistration(name is null ? "nativeretrieval" : $"nativeretrieval-{name}",
            provider => new ModelCheck(provider, name), failureStatus, tags));

    static IServiceCollection Add(IServiceCollection services, string? name, Action<OptionsBuilder<NativeRetrievalOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        bool isKnown = services.Any(service => service.ServiceType == typeof(RetrievalEngine) && Equals(service.ServiceKey, name));
        configure(services.AddOptions<NativeRetrievalOptions>(name ?? Options.DefaultName).ValidateOnStart());
        if (isKnown) return services;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<NativeRetrievalOptions>, OptionsCheck>());
        services.AddKeyedSingleton(name, (provider, _) => Open(provider, name));
        services.AddKeyedSingleton(name,
            (provider, _) => new TextEmbeddingGenerator(EngineOf(provider, name), OptionsOf(provider, name).Limits));
        services.AddKeyedSingleton(name,
            (provider, _) => new AudioEmbeddingGenerator(EngineOf(provider, name), OptionsOf(provider, name).Limits));
        services.AddKeyedSingleton<IEmbeddingGenerator<string, Embedding<float>>>(name,
            (provider, _) => provider.GetRequiredKeyedService<TextEmbeddingGenerator>(name));
        services.AddKeyedSingleton<IEmbeddingGenerator<DataContent, Embedding<float>>>(name,
            (provider, _) => provider.GetRequiredKeyedService<AudioEmbeddingGenerator>(name));
        return services.AddSingleton<IHostedService>(provider => new ModelOpener(provider, name));
    }

    static RetrievalEngine Open(IServiceProvider provider, string? name)
    {
        var options = OptionsOf(provider, name);
        var device = (name is null ? null : provider.GetKeyedService<Device>(name)) ?? provider.GetService<Device>() ?? CpuDevice.Shared;
        return RetrievalEngine.Open(options.Model, device, options.Parts, options.TextPrecision);
    }

    internal static NativeRetrievalOptions OptionsOf(IServiceProvider provider, string? name) =>
        provider.GetRequiredService<IOptionsMonitor<NativeRetrievalOptions>>().Get(name ?? Options.DefaultName);

    internal static RetrievalEngine EngineOf(IServiceProvider provider, string? name) =>
        provider.GetRequiredKeyedService<RetrievalEngine>(name);
}
