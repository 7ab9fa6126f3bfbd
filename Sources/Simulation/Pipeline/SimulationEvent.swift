import PipelineTypes

/// What happens in a simulation.
enum SimulationEvent {
    /// The next request of a source of the workload arrives.
    case submission(source: Int)
    /// The client of a request goes away.
    case cancellation(RequestID)
    /// The pipeline dies, for so many seconds.
    case death(downSeconds: Double)
    /// The coordinator hears that the pipeline has died.
    case lost
    /// Another pipeline is ready.
    case ready
    /// Of the pipeline with this number.
    case pipeline(PipelineEvent, number: Int)
}
